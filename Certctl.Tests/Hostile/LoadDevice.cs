using System.Security.Cryptography.X509Certificates;
using Certctl.Tests.Conformance;
using Certctl.Tests.Infrastructure.Crypto.Scep;

namespace Certctl.Tests.Hostile;

/// <summary>Many requests from few keys: each has a subject of its own.</summary>
internal static class LoadDevice
{
    public static (ScepDevice Device, byte[] Message) Request(X509Certificate2 ra, string challenge, string commonName)
    {
        var device = ScepDevice.Shared(commonName.Sum(c => c) % 4);
        return (device, new ForgedRequest
        {
            Plaintext = device.Csr($"CN={commonName}", challenge),
            Recipient = ra,
            SignerKey = device.Key,
            SignerCertificate = device.Certificate,
            Certificates = [device.Certificate.RawData],
        }.Build());
    }
}

/// <summary>Counts in the server's database, whichever it is.</summary>
internal sealed class RowCounter(string? postgres, string sqliteFile)
{
    public async Task<long> CountAsync(string sql)
    {
        await using System.Data.Common.DbConnection connection = postgres is null
            ? new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={sqliteFile}")
            : new Npgsql.NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }

    public async Task<HashSet<string>> SerialsAsync()
    {
        await using System.Data.Common.DbConnection connection = postgres is null
            ? new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={sqliteFile}")
            : new Npgsql.NpgsqlConnection(postgres);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT serial_number FROM certificates";
        await using var reader = await command.ExecuteReaderAsync();
        var serials = new HashSet<string>();
        while (await reader.ReadAsync())
            serials.Add(reader.GetString(0));
        return serials;
    }
}
