module naming-trial

go 1.15

require github.com/nacos-group/nacos-sdk-go v1.1.5
