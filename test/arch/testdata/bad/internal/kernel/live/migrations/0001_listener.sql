create table listener (id TEXT primary key);
