using System.Net.Http.Headers;
using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Api;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Schema;

/// <summary>The roles of <c>certctl migrate --print-roles</c>: one migrates, the other serves and can do no more than that.</summary>
public sealed class DatabaseRolesTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private const string Password = "of-both-roles-0123456789";

    [Fact]
    public async Task The_role_of_the_server_serves_and_can_neither_change_the_audit_trail_nor_a_table()
    {
        if (!postgres.IsAvailable)
            return;
        var superuser = await postgres.CreateDatabaseAsync(migrated: false);
        var script = (await CommandLine.RunHereAsync(new Dictionary<string, string>(), "migrate", "--print-roles")).MustSucceed().Output;
        await RunAsync(superuser, script);
        await RunAsync(superuser, $"ALTER ROLE certctl_owner PASSWORD '{Password}'; ALTER ROLE certctl_server PASSWORD '{Password}'");
        var migration = new Dictionary<string, string> { ["CERTCTL_DATABASE_URL"] = PostgresFixture.UrlOf(As(superuser, "certctl_owner")) };
        (await CommandLine.RunAsync(migration, ["migrate"])).MustSucceed();
        await RunAsync(superuser, script);

        var server = As(superuser, "certctl_server");
        await using (var host = await CertctlHost.StartAsync(
            server, ("CERTCTL_API_KEYS_NAMED", $"alice:{ApiServer.Admin}:admin")))
        {
            using var wire = host.Connect();
            await wire.ReadyAsync();
            var device = ScepDevice.Shared();
            using var issued = (await wire.SendAsync(
                (await wire.RequestAsync(device.Csr("CN=served", host.Challenge), device)).Build())).Issued(device);
            using var revoke = new HttpRequestMessage(
                HttpMethod.Post, new Uri(host.Url, $"/api/v1/certificates/{issued.SerialNumber}/revoke"))
            {
                Content = ApiServer.Json(new { reason = "superseded" }),
            };
            revoke.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ApiServer.Admin);
            using var revoked = await wire.Http.SendAsync(revoke);
            Assert.True(revoked.IsSuccessStatusCode, await revoked.Content.ReadAsStringAsync());
            Assert.Contains("Superseded", await wire.CrlTextAsync(device, host.CaFile), StringComparison.Ordinal);
        }

        foreach (var forbidden in new[]
        {
            "UPDATE audit_events SET detail = ''", "DELETE FROM audit_events", "TRUNCATE audit_events", "DROP TABLE audit_events",
            "ALTER TABLE audit_events DISABLE TRIGGER ALL", "CREATE TABLE another (id int)", "DROP TABLE certificates",
            "DELETE FROM \"__EFMigrationsHistory\"", "CREATE ROLE another",
        })
        {
            var refused = await Assert.ThrowsAsync<PostgresException>(() => RunAsync(server, forbidden));
            Assert.Equal((forbidden, PostgresErrorCodes.InsufficientPrivilege), (forbidden, refused.SqlState));
        }
    }

    [Fact]
    public async Task A_database_that_one_role_made_is_handed_over()
    {
        if (!postgres.IsAvailable)
            return;
        var superuser = await postgres.CreateDatabaseAsync(migrated: true);
        await RunAsync(superuser, (await CommandLine.RunHereAsync(new Dictionary<string, string>(), "migrate", "--print-roles")).MustSucceed().Output);
        await RunAsync(superuser, $"ALTER ROLE certctl_owner PASSWORD '{Password}'; ALTER ROLE certctl_server PASSWORD '{Password}'");
        await RunAsync(As(superuser, "certctl_owner"), "ALTER TABLE certificates ADD COLUMN added int; ALTER TABLE certificates DROP COLUMN added");
        await using var host = await CertctlHost.StartAsync(As(superuser, "certctl_server"));
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=handed over", host.Challenge), device)).Build())).Issued(device).Dispose();
    }

    private static string As(string connection, string role) =>
        new NpgsqlConnectionStringBuilder(connection) { Username = role, Password = Password }.ConnectionString;

    private static async Task RunAsync(string connection, string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { Pooling = false }.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
