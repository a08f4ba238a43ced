alter table desk_ticket add column more TEXT;
