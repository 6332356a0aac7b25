using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class DecisionPrincipals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // Several keys may have had one name. Which of them made a further key is not known then: that one has no principal, nor have those that it made.
            migrationBuilder.Sql("UPDATE api_keys SET principal = '' WHERE created_by IN (SELECT name FROM api_keys GROUP BY name HAVING count(DISTINCT created_by) > 1)");
            migrationBuilder.Sql("WITH RECURSIVE lost(name) AS (SELECT name FROM api_keys WHERE principal = '' UNION SELECT made.name FROM api_keys AS made JOIN lost ON made.created_by = lost.name) UPDATE api_keys SET principal = '' WHERE created_by IN (SELECT name FROM lost)");

            // A decision that was made before keys had principals stands in its own name: it is that of the key's maker. Where it is not known whose, an approval of a
            // request that still waits does not count, and people decide again; the audit trail keeps it.
            migrationBuilder.Sql("DELETE FROM enrolment_decisions WHERE principal = actor AND actor IN (SELECT name FROM api_keys GROUP BY name HAVING count(DISTINCT principal) > 1 OR min(principal) = '') AND enrolment_id IN (SELECT id FROM enrolments WHERE state = 'Pending')");
            migrationBuilder.Sql("UPDATE enrolment_decisions SET principal = (SELECT min(maker.principal) FROM api_keys AS maker WHERE maker.name = enrolment_decisions.actor) WHERE principal = actor AND actor IN (SELECT name FROM api_keys GROUP BY name HAVING count(DISTINCT principal) = 1 AND min(principal) <> '')");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            // What the earlier version wrote is not known any more; it reads these rows as they are.
        }
    }
}
