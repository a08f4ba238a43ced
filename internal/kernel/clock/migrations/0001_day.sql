-- Statutory days set by administrators. They overlay the days shipped with the program.
create table clock_day (
    day        text   not null primary key,
    kind       text   not null constraint clock_day_kind check (kind in ('off', 'work')),
    name       text   not null,
    changed_at bigint not null,
    constraint clock_day_form check (length(day) = 10)
);
