-- Which node wrote where a unit was last, and in which of its batches: by this the other nodes fetch what they don't
-- know yet. No index: that would make each of thousands of updates a second a costly one, and the table is small.

alter table unit_latest
    add node bigint,
    add batch bigint;
