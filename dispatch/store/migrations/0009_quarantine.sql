-- How many reports in quarantine nobody has looked at yet, in all and by sender, kept by a trigger: so the counts are
-- right beside older nodes too. The one row of quarantine_count is locked until the commit, as the journal's head is
-- after it: the count in an event is that of its place in the one order.

create table quarantine_count (
    one boolean primary key default true check (one),
    open bigint not null
) with (fillfactor = 10);

-- not_kept: reports beyond what one sender may have here, of which only this number is left.
create table quarantine_sender (
    sender text primary key,
    items bigint not null,
    bytes bigint not null,
    not_kept bigint not null default 0,
    not_kept_at timestamptz
) with (fillfactor = 50);

-- When the body was deleted, some time after a person had looked at it.
alter table quarantine add purged_at timestamptz;

create function quarantine_counted() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' and old.handled_at is null and (tg_op = 'DELETE' or new.handled_at is not null) then
        update quarantine_sender set items = items - 1, bytes = bytes - octet_length(old.raw)
        where sender = old.received_by;
        update quarantine_count set open = open - 1;
    elsif tg_op = 'INSERT' and new.handled_at is null then
        insert into quarantine_sender as known (sender, items, bytes)
        values (new.received_by, 1, octet_length(new.raw))
        on conflict (sender) do update set items = known.items + 1, bytes = known.bytes + excluded.bytes;
        update quarantine_count set open = open + 1;
    end if;
    return null;
end
$$;

create trigger quarantine_counted after insert or delete or update of handled_at on quarantine
for each row execute function quarantine_counted();

-- After the trigger, which waited for all who were writing.
insert into quarantine_count (open) select count(*) from quarantine where handled_at is null;
insert into quarantine_sender (sender, items, bytes)
select received_by, count(*), sum(octet_length(raw)) from quarantine where handled_at is null group by received_by;
