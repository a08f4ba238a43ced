create table op_key (
    actor_id    text   not null,
    key         text   not null,
    op          text   not null,
    input_mac   text   not null,
    output      text   not null,
    created_at  bigint not null,
    primary key (actor_id, key)
);
create index op_key_created on op_key (created_at);

create table op_undo (
    id          text   not null primary key,
    actor_id    text   not null,
    done_op     text   not null,
    op          text   not null,
    input       text   not null,
    created_at  bigint not null,
    expires_at  bigint not null,
    used_at     bigint
);
create index op_undo_actor on op_undo (actor_id, created_at);
create index op_undo_expires on op_undo (expires_at);

create table op_instance (
    id       text not null primary key constraint op_instance_one check (id = 'main'),
    key_mac  text not null
);
