-- The application's role; its rights are granted by the owner, after each migration. For compose.yaml; by hand it is
-- APP_PASSWORD=… psql -d dispatch -f roles.sql (psql 15 or newer), by a role that may make roles.
\getenv password APP_PASSWORD
create role dispatch_app login password :'password';
