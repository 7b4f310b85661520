-- The whole road: reports become calls, calls belong to incidents, units are assigned to incidents,
-- and all that happens is told in one journal.

create table unit (
    id text primary key check (id <> ''),
    agency text not null,
    kind text not null,
    capabilities text[] not null default '{}',
    station text,
    status text not null default 'available' check (status in (
        'available', 'dispatched', 'en_route', 'on_scene', 'transporting', 'at_hospital',
        'returning', 'out_of_service', 'off_duty')),
    since timestamptz not null,
    version integer not null default 1
);

create table incident (
    id bigint generated always as identity (start with 1001) primary key,
    status text not null check (status in ('waiting', 'dispatched', 'attended', 'closed')),
    priority smallint not null check (priority between 1 and 5),
    nature text,
    text text,
    opened_at timestamptz not null,
    closed_at timestamptz,
    close_reason text,
    linked_to bigint references incident,
    location json not null,
    parish text,
    calls integer not null check (calls >= 0),
    channels text[] not null,
    version integer not null default 1,
    check ((status = 'closed') = (closed_at is not null))
);
create index incident_open on incident (id) where status <> 'closed';
create index incident_parish on incident (parish, id);

-- One contact from a citizen. A voice call and the AML messages of the same phone are one call of several reports.
create table call (
    id uuid primary key,
    incident_id bigint not null references incident,
    channel text not null,
    number text,
    name text,
    imei text,
    imsi text,
    language text,
    nature text,
    text text,
    civic json,
    fixes json not null,
    location json not null,
    received_at timestamptz not null
);
create index call_incident on call (incident_id);
create index call_number on call (number, received_at) where number is not null;
create index call_imei on call (imei, received_at) where imei is not null;

-- Every report by the id its client made: sent again, it gets the same answer.
create table report (
    id uuid primary key,
    call_id uuid not null references call,
    channel text not null,
    flaws text[] not null default '{}',
    received_at timestamptz not null,
    received_by text not null,
    answer json not null
);
create index report_call on report (call_id);

create table assignment (
    id bigint generated always as identity primary key,
    incident_id bigint not null references incident,
    unit_id text not null references unit,
    assigned_at timestamptz not null,
    assigned_by text not null,
    en_route_at timestamptz,
    on_scene_at timestamptz,
    released_at timestamptz,
    release_reason text
);
-- A unit is on one incident at a time: two dispatchers racing get one success and one conflict.
create unique index assignment_one_incident_per_unit on assignment (unit_id) where released_at is null;
create index assignment_incident on assignment (incident_id);

-- One order for all. The head's row lock is held from the append to the commit: the sequence is gap-free
-- (a rollback gives it back) and its order is the commit order, whichever process writes.
create table journal_head (
    one boolean primary key default true check (one),
    seq bigint not null
) with (fillfactor = 10);
insert into journal_head (seq) values (0);

create table journal (
    seq bigint primary key,
    at timestamptz not null,
    kind text not null,
    incident_id bigint,
    body json not null
);
create index journal_incident on journal (incident_id, seq) where incident_id is not null;

create table quarantine (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    door text not null,
    content_type text,
    received_by text not null,
    problem text not null,
    raw bytea not null,
    size bigint not null,
    handled_at timestamptz,
    handled_by text
);
create index quarantine_open on quarantine (id) where handled_at is null;

-- History of positions, by the day of receipt, so that a day is dropped in one stroke.
create table unit_position (
    unit_id text not null,
    at timestamptz not null,
    received_at timestamptz not null,
    lat double precision not null,
    lon double precision not null,
    heading_deg real,
    speed_mps real,
    accuracy_m real
) partition by range (received_at);
create index unit_position_unit on unit_position (unit_id, at desc);

-- Where each unit was last heard from: what a restart begins with.
create table unit_latest (
    unit_id text primary key references unit,
    at timestamptz not null,
    lat double precision not null,
    lon double precision not null,
    heading_deg real,
    speed_mps real,
    accuracy_m real
) with (fillfactor = 50);

-- Only digests: who reads the database can't sign in with what he finds.
create table api_key (
    digest bytea primary key,
    name text not null unique,
    role text not null check (role in ('intake', 'crew', 'dispatcher', 'admin')),
    created_at timestamptz not null,
    revoked_at timestamptz
);

create table session (
    digest bytea primary key,
    name text not null,
    role text not null,
    expires_at timestamptz not null
);
