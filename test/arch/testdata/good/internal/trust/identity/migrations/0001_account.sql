-- An account is a person or a program.
create table identity_account (
	id TEXT primary key,
	login TEXT not null unique,
	role_id TEXT not null references identity_role (id) on update cascade on delete cascade,
	created_at BIGINT not null,
	score DOUBLE PRECISION not null default 0,
	kind TEXT not null,
	constraint identity_account_kind check (kind in ('person', 'program')),
	unique (login, kind)
);
create unique index if not exists identity_account_by_login on identity_account (login) where kind = 'person';
