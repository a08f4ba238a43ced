create table desk_ticket (
	id UUID primary key default gen_random_uuid(),
	n bigserial,
	created_at TIMESTAMP not null default now(), -- the comment may say now()
	kind TEXT not null constraint kind check (kind in ('a', 'now()')),
	caller_id TEXT not null references calls_call (id)
);
create unique index ticket_by_kind on desk_ticket (kind);
create table ticket_note (id TEXT, at DOUBLE PRECISION);
