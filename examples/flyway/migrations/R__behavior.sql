SELECT jsonb_array_elements_text(dj_deploy.apply('{
    "version": 1,
    "publications": {"cdc": {"publish": ["insert", "update", "delete"]}},
    "schemas": {"behavior": {"replica_identity": "full", "publications": ["cdc"]}}
}', dry_run => false) -> 'ddl') AS executed_statements;
