using Certctl.Infrastructure.Persistence.Availability;
using Npgsql;

namespace Certctl.Infrastructure.Persistence;

/// <summary>
/// The password of the PostgreSQL role, which may change while the server runs: each new connection asks for it here. Another host,
/// database or role is another database, and needs a restart.
/// </summary>
public sealed class DatabaseLogin
{
    private readonly NpgsqlConnectionStringBuilder _settings;
    private readonly List<NpgsqlDataSource> _pools = [];
    private volatile string? _password;

    /// <param name="connectionString">Npgsql's, with the password where there is one.</param>
    public DatabaseLogin(string connectionString)
    {
        _settings = new NpgsqlConnectionStringBuilder(connectionString);
        _password = _settings.Password;
        _settings.Password = null;
    }

    /// <summary>The same password as now.</summary>
    public bool Knows(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Password == _password;

    /// <summary>
    /// Null when the password is the present one, when the server takes it, or when it cannot be asked: then the new one is as good as the
    /// old one. Else why it is not to be used; nothing of the connection string is quoted.
    /// </summary>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task<string?> FindProblemAsync(string connectionString, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        if (Knows(connectionString))
            return null;
        try
        {
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenSessionAsync(cancellationToken);
            return null;
        }
        catch (NpgsqlException refused)
        {
            // Of several hosts each may have refused it. An outage says nothing about the password.
            return DatabaseFault.SqlStatesOf(refused).FirstOrDefault(state => state.StartsWith("28", StringComparison.Ordinal)) is { } state
                ? $"holds a password that the database does not take (SQLSTATE {state}); change it in the database first: "
                    + "ALTER ROLE … PASSWORD"
                : null;
        }
    }

    /// <summary>
    /// New connections use this password from now on; those that are idle in a pool are closed, those in use when they come back.
    /// </summary>
    public void Exchange(string connectionString)
    {
        _password = new NpgsqlConnectionStringBuilder(connectionString).Password;
        lock (_pools)
            _pools.ForEach(pool => pool.Clear());
    }

    /// <summary>One of them has a password and the other has none. The pools ask for it here only if there is one at start.</summary>
    /// <summary>Whether it differs in more than the password.</summary>
    public bool NamesAnother(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Password = null }.ConnectionString != _settings.ConnectionString;

    public bool GainsOrLosesPassword(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString).Password is null != _password is null;

    /// <summary>A builder of data sources that ask for the password here.</summary>
    /// <param name="settings">Their own.</param>
    internal NpgsqlDataSourceBuilder Builder(NpgsqlConnectionStringBuilder settings)
    {
        var builder = new NpgsqlDataSourceBuilder(
            new NpgsqlConnectionStringBuilder(settings.ConnectionString) { Password = null }.ConnectionString);

        // Where there is none at start Npgsql looks for it in its own places (PGPASSWORD, PGPASSFILE).
        if (_password is not null)
            builder.UsePasswordProvider(_ => _password!, (_, _) => ValueTask.FromResult(_password!));
        return builder;
    }

    /// <summary>The sessions of this pool end when the password is exchanged.</summary>
    internal NpgsqlDataSource Watch(NpgsqlDataSource pool)
    {
        lock (_pools)
            _pools.Add(pool);
        return pool;
    }
}
