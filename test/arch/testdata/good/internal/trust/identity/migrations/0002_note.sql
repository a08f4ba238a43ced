alter table identity_account add column note TEXT;
