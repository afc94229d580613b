-- The tables of conf/nacos-mysql.sql as SQLite has them. gmt_* are milliseconds since 1970. The lengths are checked as
-- MySQL does; a check has the name of its column.
CREATE TABLE version (number INTEGER NOT NULL);
INSERT INTO version (number) VALUES (1);

-- What whoever keeps this file wants to find again beside the rows, such as the last applied entry of the log.
CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value BLOB) WITHOUT ROWID;

CREATE TABLE config_info (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL CONSTRAINT data_id CHECK (length(data_id) <= 255),
  group_id TEXT DEFAULT NULL CONSTRAINT group_id CHECK (length(group_id) <= 255),
  content TEXT NOT NULL,
  md5 TEXT DEFAULT NULL CONSTRAINT md5 CHECK (length(md5) <= 32),
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  src_user TEXT,
  src_ip TEXT DEFAULT NULL CONSTRAINT src_ip CHECK (length(src_ip) <= 50),
  app_name TEXT DEFAULT NULL CONSTRAINT app_name CHECK (length(app_name) <= 128),
  tenant_id TEXT DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  c_desc TEXT DEFAULT NULL CONSTRAINT c_desc CHECK (length(c_desc) <= 256),
  c_use TEXT DEFAULT NULL CONSTRAINT c_use CHECK (length(c_use) <= 64),
  effect TEXT DEFAULT NULL CONSTRAINT effect CHECK (length(effect) <= 64),
  type TEXT DEFAULT NULL CONSTRAINT type CHECK (length(type) <= 64),
  c_schema TEXT,
  encrypted_data_key TEXT NOT NULL DEFAULT '' CONSTRAINT encrypted_data_key CHECK (length(encrypted_data_key) <= 1024),
  CONSTRAINT uk_configinfo_datagrouptenant UNIQUE (data_id, group_id, tenant_id)
);
CREATE INDEX config_info_tenant ON config_info (tenant_id, group_id);

CREATE TABLE config_info_aggr (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL CONSTRAINT data_id CHECK (length(data_id) <= 255),
  group_id TEXT NOT NULL CONSTRAINT group_id CHECK (length(group_id) <= 255),
  datum_id TEXT NOT NULL CONSTRAINT datum_id CHECK (length(datum_id) <= 255),
  content TEXT NOT NULL,
  gmt_modified INTEGER NOT NULL,
  app_name TEXT DEFAULT NULL CONSTRAINT app_name CHECK (length(app_name) <= 128),
  tenant_id TEXT DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  CONSTRAINT uk_configinfoaggr_datagrouptenantdatum UNIQUE (data_id, group_id, tenant_id, datum_id)
);

CREATE TABLE config_info_beta (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL CONSTRAINT data_id CHECK (length(data_id) <= 255),
  group_id TEXT NOT NULL CONSTRAINT group_id CHECK (length(group_id) <= 128),
  app_name TEXT DEFAULT NULL CONSTRAINT app_name CHECK (length(app_name) <= 128),
  content TEXT NOT NULL,
  beta_ips TEXT DEFAULT NULL CONSTRAINT beta_ips CHECK (length(beta_ips) <= 1024),
  md5 TEXT DEFAULT NULL CONSTRAINT md5 CHECK (length(md5) <= 32),
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  src_user TEXT,
  src_ip TEXT DEFAULT NULL CONSTRAINT src_ip CHECK (length(src_ip) <= 50),
  tenant_id TEXT DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  encrypted_data_key TEXT NOT NULL DEFAULT '' CONSTRAINT encrypted_data_key CHECK (length(encrypted_data_key) <= 1024),
  CONSTRAINT uk_configinfobeta_datagrouptenant UNIQUE (data_id, group_id, tenant_id)
);

CREATE TABLE config_info_tag (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL CONSTRAINT data_id CHECK (length(data_id) <= 255),
  group_id TEXT NOT NULL CONSTRAINT group_id CHECK (length(group_id) <= 128),
  app_name TEXT DEFAULT NULL CONSTRAINT app_name CHECK (length(app_name) <= 128),
  content TEXT NOT NULL,
  md5 TEXT DEFAULT NULL CONSTRAINT md5 CHECK (length(md5) <= 32),
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  src_user TEXT,
  src_ip TEXT DEFAULT NULL CONSTRAINT src_ip CHECK (length(src_ip) <= 50),
  tenant_id TEXT DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  tag_id TEXT NOT NULL CONSTRAINT tag_id CHECK (length(tag_id) <= 128),
  CONSTRAINT uk_configinfotag_datagrouptenanttag UNIQUE (data_id, group_id, tenant_id, tag_id)
);

CREATE TABLE config_tags_relation (
  id INTEGER NOT NULL,
  tag_name TEXT NOT NULL CONSTRAINT tag_name CHECK (length(tag_name) <= 128),
  tag_type TEXT DEFAULT NULL CONSTRAINT tag_type CHECK (length(tag_type) <= 64),
  data_id TEXT NOT NULL CONSTRAINT data_id CHECK (length(data_id) <= 255),
  group_id TEXT NOT NULL CONSTRAINT group_id CHECK (length(group_id) <= 128),
  tenant_id TEXT DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  nid INTEGER PRIMARY KEY AUTOINCREMENT,
  CONSTRAINT uk_configtagrelation_configidtag UNIQUE (id, tag_name, tag_type)
);
CREATE INDEX config_tags_relation_tenant ON config_tags_relation (tenant_id);

CREATE TABLE group_capacity (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id TEXT NOT NULL DEFAULT '' CONSTRAINT group_id CHECK (length(group_id) <= 128),
  quota INTEGER NOT NULL DEFAULT 0 CONSTRAINT quota CHECK (quota BETWEEN 0 AND 4294967295),
  usage INTEGER NOT NULL DEFAULT 0 CONSTRAINT usage CHECK (usage BETWEEN 0 AND 4294967295),
  max_size INTEGER NOT NULL DEFAULT 0 CONSTRAINT max_size CHECK (max_size BETWEEN 0 AND 4294967295),
  max_aggr_count INTEGER NOT NULL DEFAULT 0 CONSTRAINT max_aggr_count CHECK (max_aggr_count BETWEEN 0 AND 4294967295),
  max_aggr_size INTEGER NOT NULL DEFAULT 0 CONSTRAINT max_aggr_size CHECK (max_aggr_size BETWEEN 0 AND 4294967295),
  max_history_count INTEGER NOT NULL DEFAULT 0
    CONSTRAINT max_history_count CHECK (max_history_count BETWEEN 0 AND 4294967295),
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  CONSTRAINT uk_group_id UNIQUE (group_id)
);

CREATE TABLE tenant_capacity (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tenant_id TEXT NOT NULL DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  quota INTEGER NOT NULL DEFAULT 0 CONSTRAINT quota CHECK (quota BETWEEN 0 AND 4294967295),
  usage INTEGER NOT NULL DEFAULT 0 CONSTRAINT usage CHECK (usage BETWEEN 0 AND 4294967295),
  max_size INTEGER NOT NULL DEFAULT 0 CONSTRAINT max_size CHECK (max_size BETWEEN 0 AND 4294967295),
  max_aggr_count INTEGER NOT NULL DEFAULT 0 CONSTRAINT max_aggr_count CHECK (max_aggr_count BETWEEN 0 AND 4294967295),
  max_aggr_size INTEGER NOT NULL DEFAULT 0 CONSTRAINT max_aggr_size CHECK (max_aggr_size BETWEEN 0 AND 4294967295),
  max_history_count INTEGER NOT NULL DEFAULT 0
    CONSTRAINT max_history_count CHECK (max_history_count BETWEEN 0 AND 4294967295),
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  CONSTRAINT uk_tenant_id UNIQUE (tenant_id)
);

CREATE TABLE his_config_info (
  id INTEGER NOT NULL,
  nid INTEGER PRIMARY KEY AUTOINCREMENT,
  data_id TEXT NOT NULL CONSTRAINT data_id CHECK (length(data_id) <= 255),
  group_id TEXT NOT NULL CONSTRAINT group_id CHECK (length(group_id) <= 128),
  app_name TEXT DEFAULT NULL CONSTRAINT app_name CHECK (length(app_name) <= 128),
  content TEXT NOT NULL,
  md5 TEXT DEFAULT NULL CONSTRAINT md5 CHECK (length(md5) <= 32),
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  src_user TEXT,
  src_ip TEXT DEFAULT NULL CONSTRAINT src_ip CHECK (length(src_ip) <= 50),
  op_type TEXT DEFAULT NULL CONSTRAINT op_type CHECK (length(op_type) <= 10),
  tenant_id TEXT DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  encrypted_data_key TEXT NOT NULL DEFAULT '' CONSTRAINT encrypted_data_key CHECK (length(encrypted_data_key) <= 1024),
  publish_type TEXT DEFAULT 'formal' CONSTRAINT publish_type CHECK (length(publish_type) <= 50),
  gray_name TEXT DEFAULT NULL CONSTRAINT gray_name CHECK (length(gray_name) <= 50),
  ext_info TEXT
);
CREATE INDEX his_config_info_modified ON his_config_info (gmt_modified);
CREATE INDEX his_config_info_key ON his_config_info (data_id, group_id, tenant_id);

CREATE TABLE tenant_info (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kp TEXT NOT NULL CONSTRAINT kp CHECK (length(kp) <= 128),
  tenant_id TEXT DEFAULT '' CONSTRAINT tenant_id CHECK (length(tenant_id) <= 128),
  tenant_name TEXT DEFAULT '' CONSTRAINT tenant_name CHECK (length(tenant_name) <= 128),
  tenant_desc TEXT DEFAULT NULL CONSTRAINT tenant_desc CHECK (length(tenant_desc) <= 256),
  create_source TEXT DEFAULT NULL CONSTRAINT create_source CHECK (length(create_source) <= 32),
  gmt_create INTEGER NOT NULL,
  gmt_modified INTEGER NOT NULL,
  CONSTRAINT uk_tenant_info_kptenantid UNIQUE (kp, tenant_id)
);

CREATE TABLE users (
  username TEXT PRIMARY KEY NOT NULL CONSTRAINT username CHECK (length(username) <= 50),
  password TEXT NOT NULL CONSTRAINT password CHECK (length(password) <= 500),
  enabled INTEGER NOT NULL
);
CREATE TABLE roles (
  username TEXT NOT NULL CONSTRAINT username CHECK (length(username) <= 50),
  role TEXT NOT NULL CONSTRAINT role CHECK (length(role) <= 50),
  CONSTRAINT idx_user_role UNIQUE (username, role)
);
CREATE TABLE permissions (
  role TEXT NOT NULL CONSTRAINT role CHECK (length(role) <= 50),
  resource TEXT NOT NULL CONSTRAINT resource CHECK (length(resource) <= 255),
  action TEXT NOT NULL CONSTRAINT action CHECK (length(action) <= 8),
  CONSTRAINT uk_role_permission UNIQUE (role, resource, action)
);
