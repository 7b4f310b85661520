-- Crew keys are of one unit, fleet keys report for all; sessions know the key they were made with and can be listed;
-- sign-in links work once. `gateway` is listed because this check replaces the one of the migration before.

alter table api_key
    drop constraint if exists api_key_role_check,
    add constraint api_key_role_check check (
        role in ('intake', 'gateway', 'crew', 'fleet', 'dispatcher', 'admin', 'device')
    ) not valid,
    drop constraint if exists api_key_device,
    -- A crew key made before this may have no unit: it is refused until it is bound to one.
    add constraint api_key_unit check (
        case role when 'device' then unit_id is not null when 'crew' then true else unit_id is null end
    ) not valid;

-- `key_digest` null: by a link that the service itself made, or by a node of the version before.
alter table session
    add id uuid not null default gen_random_uuid() unique,
    add key_digest bytea references api_key,
    add created_at timestamptz not null default now(),
    add last_used_at timestamptz;

update session set key_digest = api_key.digest from api_key
where api_key.name = session.name and session.name <> 'consola';

-- `key_digest`: the key that made it, null if the service did. `of_setting`: its code is a setting, given again at each
-- start, so that a used one must be remembered for ever.
create table sign_in_link (
    digest bytea primary key,
    key_digest bytea references api_key,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    of_setting boolean not null default false
);
