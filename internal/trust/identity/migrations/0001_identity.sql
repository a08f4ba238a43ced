create table identity_organisation (
    id          text   not null primary key constraint identity_organisation_one check (id = 'main'),
    name        text   not null,
    intro       text   not null,
    phone       text   not null,
    email       text   not null,
    address     text   not null,
    language    text   not null,
    zone        text   not null,
    updated_at  bigint not null,
    version     bigint not null
);

create table identity_account (
    id            text    not null primary key,
    login         text    not null,
    login_key     text    not null,
    name          text    not null,
    name_key      text    not null,
    kind          text    not null constraint identity_account_kind_known check (kind in ('person', 'service')),
    state         text    not null constraint identity_account_state_known check (state in ('active', 'disabled')),
    unit          text    not null,
    must_change   boolean not null,
    created_at    bigint  not null,
    updated_at    bigint  not null,
    signed_in_at  bigint,
    version       bigint  not null
);
create unique index identity_account_login on identity_account (login_key);
create index identity_account_name on identity_account (name_key, id);
create index identity_account_created on identity_account (created_at, id);
create index identity_account_state on identity_account (state, login_key);
create index identity_account_kind on identity_account (kind, login_key);

create table identity_account_word (
    word        text not null,
    account_id  text not null references identity_account (id),
    primary key (word, account_id)
);
create index identity_account_word_account on identity_account_word (account_id);

create table identity_password (
    account_id  text   not null primary key references identity_account (id),
    hash        text   not null,
    changed_at  bigint not null,
    expires_at  bigint
);

create table identity_grant (
    account_id  text   not null references identity_account (id),
    role_id     text   not null,
    granted_at  bigint not null,
    granted_by  text   not null,
    primary key (account_id, role_id)
);
create index identity_grant_role on identity_grant (role_id, account_id);

create table identity_role (
    id           text   not null primary key,
    permissions  text   not null,
    updated_at   bigint not null,
    version      bigint not null
);

create table identity_session (
    id          text   not null primary key,
    digest      text   not null,
    account_id  text   not null references identity_account (id),
    created_at  bigint not null,
    seen_at     bigint not null,
    expires_at  bigint not null,
    ended_at    bigint,
    ended_how   text   not null,
    device      text   not null,
    addr        text   not null
);
create unique index identity_session_digest on identity_session (digest);
create index identity_session_account on identity_session (account_id, created_at);
create index identity_session_created on identity_session (created_at);
create index identity_session_seen on identity_session (seen_at) where ended_at is null;
create index identity_session_expires on identity_session (expires_at);

create table identity_token (
    id          text   not null primary key,
    digest      text   not null,
    account_id  text   not null references identity_account (id),
    name        text   not null,
    created_at  bigint not null,
    created_by  text   not null,
    expires_at  bigint,
    used_at     bigint,
    revoked_at  bigint
);
create unique index identity_token_digest on identity_token (digest);
create index identity_token_account on identity_token (account_id, created_at);

create table identity_attempt (
    key            text   not null primary key,
    failures       bigint not null,
    last_at        bigint not null,
    blocked_until  bigint not null
);
create index identity_attempt_last on identity_attempt (last_at);

create table identity_setup (
    digest      text   not null primary key,
    created_at  bigint not null,
    expires_at  bigint not null
);
