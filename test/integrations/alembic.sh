# shellcheck shell=bash disable=SC2154  # variables of script/lib.sh
# Alembic runs examples/alembic: again, with a new table, offline, with JSON in the text of a
# statement, with a call that fails, and with one that needs no transaction block.

mapfile -t requirements <"$tree/examples/alembic/requirements.txt"
python_environment "$(IFS=- && tr -d '[]' <<<"${requirements[*]//==/-}")" "${requirements[@]}"
PATH=$installed/bin:$PATH
export PYTHONDONTWRITEBYTECODE=1
program Alembic "$(alembic --version | awk '{ print $NF }')"

# migration NAME STATEMENT ...: a copy of the example with one more, of these Python statements.
migration() {
    cp -R "$tree/examples/alembic" "$1"
    {
        printf '%s\n' 'import sqlalchemy as sa' 'from alembic import op' 'from sqlalchemy.dialects.postgresql import JSONB'
        printf '%s\n' 'revision = "0004"' 'down_revision = "0003"' 'def upgrade():'
        printf '    %s\n' "${@:2}"
        printf '%s\n' 'def downgrade():' '    pass'
    } >"$1/migrations/versions/0004.py"
}

# alembic_with NAME STATEMENT ...: upgrades with it.
alembic_with() {
    migration "$@"
    (cd "$1" && timeout 60 alembic upgrade head)
}

# So that the next one is applied, too.
forget() {
    sql "UPDATE alembic_version SET version_num = '0003' WHERE version_num = '0004'"
}

alembic_of_example() {
    (cd "$tree/examples/alembic" && alembic "$@")
}

history_of_alembic() {
    sql "SELECT version_num || ' ' || xmin FROM alembic_version"
}

make_database alembic
check "the first run applies" run_example alembic
same "lab is ready for change data capture" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
same "the call outside a transaction has run" "$(sql "SELECT count(*) FROM dj_deploy.tables('lab') WHERE last_analyze IS NULL")" 0

before=$(catalog_state && history_of_alembic)
check "the second run ends well" run_example alembic
same "and changes nothing" "$(catalog_state && history_of_alembic)" "$before"

sql "CREATE TABLE lab.cage (cage_id integer PRIMARY KEY)" "ALTER TABLE lab.cage OWNER TO deployer"
check "without -x release a new table" alembic_of_example upgrade head
same "is left alone" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 16"
same "with it, the run shows the statements" "$(run_example alembic 2>/dev/null)" 'applied:
ALTER TABLE "lab"."cage" REPLICA IDENTITY FULL
ALTER PUBLICATION "cdc" ADD TABLE "lab"."cage"
ALTER TABLE "lab"."cage" SET (autovacuum_vacuum_insert_scale_factor = 0.05)'
same "and brings it there" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

check "downgrade ends well" alembic_of_example downgrade 0001
same "and takes all back" "$(lab_for_cdc)" "0 full, 0 published, 0 with parameter of 16"
same "but the publication, which a slot may read" "$(sql "SELECT pubname FROM pg_publication")" cdc
check "up again, without -x release," alembic_of_example upgrade head
same "brings all back" "$(lab_for_cdc)" "16 full, 16 published, 16 with parameter of 16"

before=$(catalog_state && history_of_alembic)
refused "a failing call fails the migration, with its message" 'errors\.InvalidSchemaName\) schema "behaviour" does not exist' \
    alembic_with failing "op.execute(\"SELECT dj_deploy.set_replica_identity('behavior', dry_run => false)\")" \
    "op.execute(\"SELECT dj_deploy.set_replica_identity('behaviour', dry_run => false)\")"
same "and leaves nothing, in the catalog and in the history" "$(catalog_state && history_of_alembic)" "$before"

set_autovacuum() {
    printf "op.execute(r\"\"\"SELECT dj_deploy.set_autovacuum('lab', '%s', dry_run => false)\"\"\")" "$1"
}
refused "a colon before a word is a parameter" "A value is required for bind parameter 'false'" \
    alembic_with colon "$(set_autovacuum '{"autovacuum_enabled":false}')"
bound="op.execute(sa.text(\"SELECT dj_deploy.set_autovacuum('lab', :value, dry_run => false)\")"
refused "a bound string is a varchar" 'function dj_deploy.set_autovacuum\(unknown, character varying' \
    alembic_with varchar "$bound.bindparams(value='{}'))"
migration jsonb "$bound.bindparams(sa.bindparam('value', {}, type_=JSONB)))"
refused "a bound JSONB is none for --sql" 'No literal value renderer is available' eval 'cd jsonb && alembic upgrade 0003:0004 --sql'
check "but otherwise" eval 'cd jsonb && alembic upgrade head'
forget
check "with a backslash it is a colon" alembic_with escaped "$(set_autovacuum '{"autovacuum_enabled"\:false}')"
same "that arrives" "$(sql "SELECT count(*) FROM pg_class WHERE 'autovacuum_enabled=false' = ANY (reloptions)")" 17
forget

same "Alembic shows NOTICEs and WARNINGs" "$(alembic_with warning \
    "op.execute('CREATE UNLOGGED TABLE lab.scratchpad (scratchpad_id integer PRIMARY KEY)')" \
    "op.execute(\"SELECT dj_deploy.set_publication_membership('lab', 'cdc', dry_run => false)\")" \
    "op.execute('ALTER TABLE lab.session REPLICA IDENTITY NOTHING')" \
    "op.execute(\"SELECT dj_deploy.set_replica_identity('lab', dry_run => false)\")" 2>&1 | grep -F dialects | grep -vE 'NOTICE: +(executed [1-9]|nothing to do)')" \
    'INFO [sqlalchemy.dialects.postgresql] WARNING: skipping "lab.scratchpad": an unlogged table cannot be published
INFO [sqlalchemy.dialects.postgresql] NOTICE: replica identity NOTHING of table "lab.session" will be replaced by FULL'
forget

reindex="op.execute(\"CALL dj_deploy.reindex('lab', dry_run => false)\")"
refused "a call that commits, in Alembic's transaction" 'reindex cannot run inside a transaction block' \
    alembic_with block "$reindex"
refused "and Alembic shows the hint" '^HINT: .*docs/migrations.md' alembic_with hint "$reindex"
before=$(lab_indexes)
check "in an autocommit_block()" alembic_with alone "with op.get_context().autocommit_block():" "    $reindex"
differs "has rebuilt the indexes" "$(lab_indexes)" "$before"
forget
migration two "op.execute('CREATE TABLE lab.first (a integer PRIMARY KEY)')"
sed -e 's/"0004"/"0005"/; s/"0003"/"0004"/' -e "s/op.execute.*/op.execute('SELECT 1\/0')/" two/migrations/versions/0004.py >two/migrations/versions/0005.py
refused "a migration that fails after another one" 'division by zero' sh -c 'cd two && alembic upgrade head'
same "does not undo that one" "$(sql "SELECT to_regclass('lab.first') IS NOT NULL, version_num FROM alembic_version")" "t|0004"
forget
refused "what fails after the block" 'division by zero' \
    alembic_with after "op.execute('CREATE TABLE lab.before (a integer PRIMARY KEY)')" \
    "with op.get_context().autocommit_block():" "    op.execute('SELECT 1')" "op.execute('SELECT 1/0')"
same "does not undo what stands before it" "$(sql "SELECT to_regclass('lab.before') IS NOT NULL")" t

make_database alembic_offline
alembic_of_example -x release upgrade head --sql >offline.sql 2>offline.log
check "what --sql prints runs in psql" psql -X -q -v ON_ERROR_STOP=1 -f offline.sql
same "and does the same" "$(lab_for_cdc)" "15 full, 15 published, 15 with parameter of 15"
same "up to the last migration" "$(sql "SELECT version_num FROM alembic_version")" 0003
