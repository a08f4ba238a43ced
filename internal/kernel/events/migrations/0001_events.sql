create table events_subject (
    subject     text   not null primary key,
    last        bigint not null
);

create table events_event (
    id          text   not null primary key,
    type        text   not null,
    subject     text   not null,
    subject_seq bigint not null,
    data        text   not null,
    at          bigint not null,
    actor_id    text   not null,
    request_id  text   not null,
    position    bigint
);
create unique index events_event_subject on events_event (subject, subject_seq);
create unique index events_event_position on events_event (position);
create index events_event_unplaced on events_event (id) where position is null;

create table events_head (
    name        text   not null primary key,
    position    bigint not null
);
insert into events_head (name, position) values ('head', 0);

create table events_cursor (
    name        text   not null primary key,
    position    bigint not null,
    owner       text   not null,
    until       bigint
);

create table events_parked (
    subscription text   not null,
    event_id     text   not null,
    position     bigint not null,
    subject      text   not null,
    state        text   not null,
    attempts     bigint not null,
    due_at       bigint not null,
    error        text   not null,
    parked_at    bigint,
    primary key (subscription, event_id),
    constraint events_parked_event foreign key (event_id) references events_event (id),
    constraint events_parked_state check (state in ('retrying', 'parked', 'waiting'))
);
create unique index events_parked_order on events_parked (subscription, subject, position);
create index events_parked_event_id on events_parked (event_id);
create index events_parked_due on events_parked (due_at) where state = 'retrying';
create index events_parked_list on events_parked (position, subscription) where state <> 'waiting';
