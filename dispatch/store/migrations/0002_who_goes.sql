-- Who goes: crews and shifts, alarm levels, likeness between incidents, intervals, doubtful positions, keys of devices.
-- Only additions with defaults, so that a node of the version before goes on working meanwhile.

alter table unit
    add crew text[] not null default '{}',
    add shift text check (shift ~ '^\d\d:\d\d-\d\d:\d\d$'),
    add silent_since timestamptz,
    add removed_at timestamptz;

alter table incident
    add alarm smallint not null default 1 check (alarm between 1 and 9),
    add overdue json not null default '[]',
    add similar_to json not null default '[]';

-- How alike its incident this call was when it was joined without a person; whose it was before two were linked.
alter table call
    add likeness double precision check (likeness between 0 and 1),
    add linked_from bigint references incident;

alter table assignment
    add transporting_at timestamptz,
    add at_hospital_at timestamptz;
create index assignment_time on assignment (assigned_at);

-- Why a position is kept as history but not shown as truth.
alter table unit_position add doubt text;

alter table api_key
    drop constraint api_key_role_check,
    add constraint api_key_role_check check (role in ('intake', 'crew', 'dispatcher', 'admin', 'device')),
    add unit_id text references unit,
    add constraint api_key_device check ((role = 'device') = (unit_id is not null));
