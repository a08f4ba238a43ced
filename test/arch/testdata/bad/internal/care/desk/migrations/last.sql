drop table if exists identity_account;
