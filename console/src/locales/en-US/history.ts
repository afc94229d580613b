export default { detail: "Historical version", rollback: "Roll back" };
