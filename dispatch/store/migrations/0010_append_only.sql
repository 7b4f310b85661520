-- The journal is only added to. The application's role has no right to do more (dispatch/store/rights.py); this refuses
-- it to the tables' owner and to superusers too. By statement, so that an insert costs nothing.
create function refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception '% is append-only: % is refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on journal
    for each statement execute function refuse_change();

-- The application doesn't own the history of positions; by these two functions it makes and drops days of it.
create function make_position_day(day date) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    execute format(
        'create table if not exists public.%I partition of public.unit_position for values from (%L) to (%L)',
        'unit_position_' || to_char(day, 'YYYYMMDD'),
        day::timestamp at time zone 'UTC',
        (day + 1)::timestamp at time zone 'UTC');
end
$$;

-- Never today's or a later one, whatever date is given.
create function drop_position_days(before date) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    first_kept text := 'unit_position_' || to_char(least(before, (now() at time zone 'UTC')::date), 'YYYYMMDD');
    partition text;
begin
    for partition in
        select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = 'public.unit_position'::regclass
            and c.relname ~ '^unit_position_\d{8}$' and c.relname collate "C" < first_kept
    loop
        execute format('drop table public.%I', partition);
    end loop;
end
$$;
revoke all on function make_position_day(date), drop_position_days(date) from public;
