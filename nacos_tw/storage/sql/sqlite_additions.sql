-- Tables that the first files did not have. Copies of configs by labels, which no other table could hold; beta copies and
-- those of tags are in config_info_beta and config_info_tag.
CREATE TABLE IF NOT EXISTS config_info_gray (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL CONSTRAINT data_id CHECK (length(data_id) <= 255),
  group_id TEXT NOT NULL CONSTRAINT group_id CHECK (length(group_id) <= 128),
  content TEXT NOT NULL,
  md5 TEXT DEFAULT NULL CONSTRAINT md5 CHECK (length(md5) <= 32),
  src_user TEXT,
  src_ip TEXT DEFAULT NULL CONSTRAINT src_ip CHECK (length(src_ip) <= 100),
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  app_name TEXT DEFAULT NULL CONSTRAINT app_name CHECK (length(app_name) <= 128),
  tenant_id TEXT DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  gray_name TEXT NOT NULL CONSTRAINT gray_name CHECK (length(gray_name) <= 128),
  gray_rule TEXT NOT NULL,
  encrypted_data_key TEXT NOT NULL DEFAULT '' CONSTRAINT encrypted_data_key CHECK (length(encrypted_data_key) <= 1024),
  CONSTRAINT uk_configinfogray_datagrouptenantgray UNIQUE (data_id, group_id, tenant_id, gray_name)
);
