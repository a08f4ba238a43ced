alter table desk_ticket add column extra JSONB;
with old (id) as (select id from desk_ticket) insert into calls_call (id) select id from old;
