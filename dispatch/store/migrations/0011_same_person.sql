-- Incidents that are opened again, and calls that are known by their phone.

-- reopened: when it was opened again, each time; continues: the closed incident that its first call continues.
alter table incident
    add if not exists reopened timestamptz[] not null default '{}',
    add if not exists continues bigint;
-- The app installation that sent the report, by an id that the app made.
alter table call add if not exists installation text;

drop index concurrently if exists incident_reopened;
create index concurrently incident_reopened on incident (id) where reopened <> '{}';
drop index concurrently if exists call_installation;
create index concurrently call_installation on call (installation, received_at) where installation is not null;
-- By latitude alone: 100 m of it are a small part of a city.
drop index concurrently if exists call_place;
create index concurrently call_place on call (((location->>'lat')::float8), received_at);
