-- The schema of Nacos's databases (3.2, without its AI tables), for PostgreSQL 12 and later. Run it once in an empty
-- database:
--   CREATE DATABASE nacos_config ENCODING 'UTF8' TEMPLATE template0; then psql -f conf/nacos-postgresql.sql nacos_config
-- A Nacos server runs on a database that this made, and this server on one that theirs made. There is no first user:
-- the first who opens the console, or POST /nacos/v3/auth/user/admin, chooses the password of nacos.

-- One row per configuration.
CREATE TABLE config_info (
  id bigserial NOT NULL PRIMARY KEY,
  data_id varchar(255) NOT NULL,
  group_id varchar(255),
  content text NOT NULL,
  md5 varchar(32),
  gmt_create timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  gmt_modified timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  src_user text,
  src_ip varchar(50),
  app_name varchar(128),
  tenant_id varchar(128) NOT NULL DEFAULT '',
  c_desc varchar(256),
  c_use varchar(64),
  effect varchar(64),
  type varchar(64),
  c_schema text,
  encrypted_data_key varchar(1024) NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX uk_configinfo_datagrouptenant ON config_info (data_id, group_id, tenant_id);

-- Copies chosen by a rule.
CREATE TABLE config_info_gray (
  id bigserial NOT NULL PRIMARY KEY,
  data_id varchar(255) NOT NULL,
  group_id varchar(128) NOT NULL,
  content text NOT NULL,
  md5 varchar(32),
  src_user text,
  src_ip varchar(100),
  gmt_create timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  gmt_modified timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  app_name varchar(128),
  tenant_id varchar(128) NOT NULL DEFAULT '',
  gray_name varchar(128) NOT NULL,
  gray_rule text NOT NULL,
  encrypted_data_key varchar(256) NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX uk_configinfogray_datagrouptenantgray ON config_info_gray (data_id, group_id, tenant_id, gray_name);
CREATE INDEX idx_dataid_gmt_modified_gray ON config_info_gray (data_id, gmt_modified);
CREATE INDEX idx_gmt_modified_gray ON config_info_gray (gmt_modified);

-- Labels of configurations; id is config_info.id.
CREATE TABLE config_tags_relation (
  id bigint NOT NULL,
  tag_name varchar(128) NOT NULL,
  tag_type varchar(64),
  data_id varchar(255) NOT NULL,
  group_id varchar(128) NOT NULL,
  tenant_id varchar(128) NOT NULL DEFAULT '',
  nid bigserial NOT NULL PRIMARY KEY
);
CREATE UNIQUE INDEX uk_configtagrelation_configidtag ON config_tags_relation (id, tag_name, tag_type);
CREATE INDEX idx_tenant_id ON config_tags_relation (tenant_id);

-- Quotas of groups ('' is the whole cluster); 0 is the default quota.
CREATE TABLE group_capacity (
  id bigserial NOT NULL PRIMARY KEY,
  group_id varchar(128) NOT NULL DEFAULT '',
  quota integer NOT NULL DEFAULT 0,
  usage integer NOT NULL DEFAULT 0,
  max_size integer NOT NULL DEFAULT 0,
  max_aggr_count integer NOT NULL DEFAULT 0,
  max_aggr_size integer NOT NULL DEFAULT 0,
  max_history_count integer NOT NULL DEFAULT 0,
  gmt_create timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  gmt_modified timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX uk_group_id ON group_capacity (group_id);

-- Quotas of namespaces.
CREATE TABLE tenant_capacity (
  id bigserial NOT NULL PRIMARY KEY,
  tenant_id varchar(128) NOT NULL DEFAULT '',
  quota integer NOT NULL DEFAULT 0,
  usage integer NOT NULL DEFAULT 0,
  max_size integer NOT NULL DEFAULT 0,
  max_aggr_count integer NOT NULL DEFAULT 0,
  max_aggr_size integer NOT NULL DEFAULT 0,
  max_history_count integer NOT NULL DEFAULT 0,
  gmt_create timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  gmt_modified timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX uk_tenant_id ON tenant_capacity (tenant_id);

-- History; id is the configuration's, op_type I, U or D.
CREATE TABLE his_config_info (
  id bigint NOT NULL,
  nid bigserial NOT NULL PRIMARY KEY,
  data_id varchar(255) NOT NULL,
  group_id varchar(128) NOT NULL,
  app_name varchar(128),
  content text NOT NULL,
  md5 varchar(32),
  gmt_create timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  gmt_modified timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  src_user text,
  src_ip varchar(50),
  op_type char(10),
  tenant_id varchar(128) NOT NULL DEFAULT '',
  encrypted_data_key varchar(1024) NOT NULL DEFAULT '',
  publish_type varchar(50) DEFAULT 'formal',
  gray_name varchar(128),
  ext_info text
);
CREATE INDEX idx_did ON his_config_info (data_id);
CREATE INDEX idx_gmt_create ON his_config_info (gmt_create);
CREATE INDEX idx_gmt_modified ON his_config_info (gmt_modified);

-- Namespaces; kp is always '1'.
CREATE TABLE tenant_info (
  id bigserial NOT NULL PRIMARY KEY,
  kp varchar(128) NOT NULL,
  tenant_id varchar(128) NOT NULL DEFAULT '',
  tenant_name varchar(128) DEFAULT '',
  tenant_desc varchar(256),
  create_source varchar(32),
  gmt_create timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  gmt_modified timestamp(6) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX uk_tenant_info_kptenantid ON tenant_info (kp, tenant_id);

-- Who may log in; passwords are bcrypt.
CREATE TABLE users (
  username varchar(50) NOT NULL PRIMARY KEY,
  password varchar(500) NOT NULL,
  enabled boolean NOT NULL
);

-- Who has which role.
CREATE TABLE roles (
  username varchar(50) NOT NULL,
  role varchar(50) NOT NULL
);
CREATE UNIQUE INDEX uk_username_role ON roles (username, role);

-- What a role may do; action is r, w or rw.
CREATE TABLE permissions (
  role varchar(50) NOT NULL,
  resource varchar(512) NOT NULL,
  action varchar(8) NOT NULL
);
CREATE UNIQUE INDEX uk_role_permission ON permissions (role, resource, action);
