create table audit_entry (
    id            text   not null primary key,
    at            bigint not null,
    op            text   not null,
    outcome       text   not null constraint audit_entry_outcome_known check (outcome in ('done', 'refused', 'failed')),
    code          text   not null,
    actor_kind    text   not null,
    actor_id      text   not null,
    actor_name    text   not null,
    behalf_id     text   not null,
    behalf_name   text   not null,
    session_id    text   not null,
    device        text   not null,
    addr          text   not null,
    reason        text   not null,
    request_id    text   not null,
    undo_of       text   not null,
    took_us       bigint not null,
    changes       bigint not null
);
create index audit_entry_at on audit_entry (at, id);
create index audit_entry_actor on audit_entry (actor_id, at, id);
create index audit_entry_op on audit_entry (op, at, id);
create index audit_entry_not_done on audit_entry (outcome, at, id) where outcome <> 'done';
create index audit_entry_request on audit_entry (request_id, at, id);

create table audit_change (
    entry_id      text   not null references audit_entry (id),
    n             bigint not null,
    at            bigint not null,
    thing_kind    text   not null,
    thing_id      text   not null,
    label         text   not null,
    before_json   text,
    after_json    text,
    primary key (entry_id, n)
);
create index audit_change_thing on audit_change (thing_kind, thing_id, at, entry_id);

create table audit_word (
    word          text   not null,
    at            bigint not null,
    entry_id      text   not null references audit_entry (id),
    primary key (word, at, entry_id)
);
