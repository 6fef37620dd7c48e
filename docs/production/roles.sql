-- The two roles and the database. As a superuser, once:
--   SUPPLYLINE_OWNER_PASSWORD=… SUPPLYLINE_APP_PASSWORD=… psql -f roles.sql
\getenv owner_password SUPPLYLINE_OWNER_PASSWORD
\getenv app_password SUPPLYLINE_APP_PASSWORD
\set ON_ERROR_STOP on
create role supplyline_owner login password :'owner_password';
create role supplyline login password :'app_password' connection limit 200;
-- To see how far standbys are behind, for /metrics; nothing else depends on it.
grant pg_read_all_stats to supplyline;
create database supplyline owner supplyline_owner encoding 'UTF8' template template0;
revoke connect on database supplyline from public;
grant connect on database supplyline to supplyline;
