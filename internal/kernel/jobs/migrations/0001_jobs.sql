create table jobs_job (
    id             text    not null primary key,
    kind           text    not null,
    args           text    not null,
    unique_key     text,
    state          text    not null,
    run_at         bigint  not null,
    attempt        bigint  not null,
    owner          text    not null,
    lease_until    bigint,
    cancel_asked   boolean not null,
    created_at     bigint  not null,
    started_at     bigint,
    finished_at    bigint,
    error          text    not null,
    result         text,
    progress_done  bigint  not null,
    progress_total bigint  not null,
    constraint jobs_job_state check (state in ('ready', 'running', 'done', 'failed', 'cancelled'))
);
create unique index jobs_job_unique on jobs_job (kind, unique_key)
    where unique_key is not null and state in ('ready', 'running');
create index jobs_job_ready on jobs_job (state, run_at, id) where state = 'ready';
create index jobs_job_by_state on jobs_job (state, id);
create index jobs_job_by_kind on jobs_job (kind, id);

create table jobs_schedule (
    kind     text   not null primary key,
    spec     text   not null,
    next_at  bigint not null,
    last_at  bigint
);
