-- Who sent a call owns it; reports are known by sender, id and content; keys of gateways.

-- Null where a node of the version before took the call: then its first report says who sent it.
alter table call
    add if not exists sender text,
    add if not exists own json;

-- Of what a report said. Empty for reports of before: their sender and id must do.
alter table report add if not exists digest bytea not null default '';

drop index concurrently if exists report_once;
create unique index concurrently report_once on report (id, received_by, digest);
-- By this one, nobody could send a report whose id another had used.
alter table report drop constraint if exists report_pkey;

alter table api_key
    drop constraint if exists api_key_role_check,
    add constraint api_key_role_check check (role in (
        'intake', 'gateway', 'crew', 'dispatcher', 'admin', 'device')) not valid;

-- `manual` is a dispatcher's word: where an open incident stands at what an app called so, it is `reported` (which older
-- nodes read as `unknown`, see store/older.py).
update incident set location = (jsonb_set(location::jsonb, '{source}', '"unknown"') || '{"source_now": "reported"}')::json
where status <> 'closed' and location->>'source' = 'manual' and exists (
    select from call where call.incident_id = incident.id and call.location::text = incident.location::text
        and not exists (
            select from report left join api_key on api_key.name = report.received_by
            where report.call_id = call.id and (
                report.received_by in ('bootstrap', 'consola') or api_key.role in ('dispatcher', 'admin'))));
