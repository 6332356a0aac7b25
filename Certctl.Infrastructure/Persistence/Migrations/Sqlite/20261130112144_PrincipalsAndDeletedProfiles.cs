using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Certctl.Infrastructure.Persistence.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class PrincipalsAndDeletedProfiles : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "principal",
                table: "enrolment_decisions",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.AddColumn<string>(
                name: "principal",
                table: "api_keys",
                type: "TEXT",
                maxLength: 255,
                nullable: false,
                defaultValue: "");

            migrationBuilder.CreateTable(
                name: "deleted_profiles",
                columns: table => new
                {
                    profile_id = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("deleted_profiles_pkey", x => x.profile_id);
                });

            // Who decided before this migration answered for himself.
            migrationBuilder.Sql("UPDATE enrolment_decisions SET principal = actor");

            // A key answers to its maker, and where that is a key too, to its maker: so far up as names tell. Where a name is one of the configuration as well, two are
            // taken for one: the safe side.
            migrationBuilder.Sql("UPDATE api_keys SET principal = created_by");
            for (var step = 0; step < 5; step++)
                migrationBuilder.Sql("UPDATE api_keys SET principal = (SELECT min(maker.created_by) FROM api_keys AS maker WHERE maker.name = api_keys.principal) WHERE EXISTS (SELECT 1 FROM api_keys AS maker WHERE maker.name = api_keys.principal AND maker.created_by <> api_keys.principal)");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "deleted_profiles");

            migrationBuilder.DropColumn(
                name: "principal",
                table: "enrolment_decisions");

            migrationBuilder.DropColumn(
                name: "principal",
                table: "api_keys");
        }
    }
}
