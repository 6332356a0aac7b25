using Certctl.Api.Configuration.Database;
using Microsoft.Data.Sqlite;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Api.Configuration.Database;

/// <summary>The forms of CERTCTL_DATABASE_URL, read by the drivers themselves.</summary>
public sealed class DatabaseUrlTests
{
    [Theory]
    [InlineData("sqlite:///var/lib/certctl.db", "/var/lib/certctl.db")]
    [InlineData("sqlite:////var/lib/certctl.db", "/var/lib/certctl.db")]
    [InlineData("sqlite:///data/my%20certs%3F/a%25b.db", "/data/my certs?/a%b.db")]
    [InlineData("sqlite:///data/a;Mode=Memory;'\".db", "/data/a;Mode=Memory;'\".db")]
    public void An_SQLite_URL_is_the_absolute_path_of_a_file_and_nothing_else(string url, string path)
    {
        var options = Parse(url);

        Assert.Equal(DatabaseProvider.Sqlite, options.Provider);
        var builder = new SqliteConnectionStringBuilder(options.ConnectionString.Reveal());
        Assert.Equal(path, builder.DataSource);
        Assert.Equal(SqliteOpenMode.ReadWriteCreate, builder.Mode);
    }

    [Theory]
    [InlineData("sqlite://")]
    [InlineData("sqlite:///")]
    [InlineData("sqlite:///var/lib/")]
    [InlineData("sqlite://certctl.db")]
    [InlineData("sqlite://./certctl.db")]
    [InlineData("sqlite:///var/lib/certctl.db?mode=memory")]
    public void Any_other_SQLite_URL_is_refused_with_an_example(string url) =>
        Assert.Contains("sqlite:///var/lib/certctl/certctl.db", Problem(url), StringComparison.Ordinal);

    [Theory]
    [InlineData("postgres://certctl:pw@db/certctl")]
    [InlineData("postgresql://certctl:pw@db/certctl")]
    [InlineData("postgres://certctl:pw@db:5432/certctl")]
    [InlineData("postgres://certctl:pw@db:5432/certctl/")]
    public void A_PostgreSQL_URL_has_user_password_host_and_database(string url)
    {
        var builder = Npgsql(url);

        Assert.Equal(
            ("certctl", "pw", "db", 5432, "certctl"), (builder.Username, builder.Password, builder.Host, builder.Port, builder.Database));
    }

    [Fact]
    public void Special_characters_are_percent_encoded_and_stay_what_they_are()
    {
        var builder = Npgsql("postgres://cert%40ctl:p%2Fw%3F%23%3B'%22%3D%20%25:x@db/cert%20ctl");

        Assert.Equal(("cert@ctl", "p/w?#;'\"= %:x", "cert ctl"), (builder.Username, builder.Password, builder.Database));
    }

    [Theory]
    [InlineData("postgres://u:pw@[::1]:5433/certctl", "::1", 5433)]
    [InlineData("postgres://u:pw@10.0.0.1/certctl", "10.0.0.1", 5432)]
    [InlineData("postgres:///certctl?host=/run/postgresql", "/run/postgresql", 5432)]
    [InlineData("postgres://db/certctl", "db", 5432)]
    public void A_host_is_a_name_an_address_or_the_folder_of_a_socket(string url, string host, int port)
    {
        var builder = Npgsql(url);

        Assert.Equal((host, port, "certctl"), (builder.Host, builder.Port, builder.Database));
    }

    [Theory]
    [InlineData("disable", SslMode.Disable)]
    [InlineData("allow", SslMode.Allow)]
    [InlineData("prefer", SslMode.Prefer)]
    [InlineData("require", SslMode.Require)]
    [InlineData("verify-ca", SslMode.VerifyCA)]
    [InlineData("verify-full", SslMode.VerifyFull)]
    public void Libpqs_words_for_sslmode_are_Npgsqls(string word, SslMode mode) =>
        Assert.Equal(mode, Npgsql($"postgres://db/certctl?sslmode={word}").SslMode);

    [Fact]
    public void The_other_options_are_libpqs_too()
    {
        var builder = Npgsql("postgres://db/certctl?sslrootcert=%2Fa%20b%2Froot.crt&sslcert=/c.crt&sslkey=/c.key&connect_timeout=7");

        Assert.Equal(
            ("/a b/root.crt", "/c.crt", "/c.key", 7), (builder.RootCertificate, builder.SslCertificate, builder.SslKey, builder.Timeout));
    }

    [Theory]
    [InlineData("postgres://u:pw@a:1,b:2/certctl", "a:1,b:2")]
    [InlineData("postgres://u:pw@a,b:5433/certctl", "a:5432,b:5433")]
    [InlineData("postgres://u:pw@[::1]:5433,[fe80::2],10.0.0.1/certctl", "[::1]:5433,[fe80::2]:5432,10.0.0.1:5432")]
    [InlineData("postgres://u:pw@/certctl?host=a,b&port=1,2", "a:1,b:2")]
    [InlineData("postgres://u:pw@/certctl?host=a,b&port=7", "a:7,b:7")]
    [InlineData("postgres://%2Frun%2Fpostgresql/certctl", "/run/postgresql")]
    public void Several_hosts_each_have_their_port(string url, string hosts) => Assert.Equal(hosts, Npgsql(url).Host);

    [Theory]
    [InlineData("target_session_attrs=read-write", "Target Session Attributes", "read-write")]
    [InlineData("target_session_attrs=primary", "Target Session Attributes", "primary")]
    [InlineData("target_session_attrs=any", "Target Session Attributes", "any")]
    [InlineData("load_balance_hosts=random", "Load Balance Hosts", "True")]
    [InlineData("load_balance_hosts=disable", "Load Balance Hosts", "False")]
    [InlineData("application_name=ca%20one", "Application Name", "ca one")]
    [InlineData("fallback_application_name=two", "Application Name", "two")]
    [InlineData("keepalives=0", "TCP Keepalive", "False")]
    [InlineData("keepalives_idle=30", "TCP Keepalive Time", "30")]
    [InlineData("keepalives_interval=5", "TCP Keepalive Interval", "5")]
    [InlineData("options=-c%20statement_timeout%3D5s", "Options", "-c statement_timeout=5s")]
    [InlineData("channel_binding=require", "Channel Binding", "Require")]
    [InlineData("gssencmode=disable", "GSS Encryption Mode", "Disable")]
    [InlineData("sslnegotiation=direct", "SSL Negotiation", "Direct")]
    [InlineData("sslpassword=x", "SSL Password", "x")]
    [InlineData("require_auth=scram-sha-256", "Require Auth", "ScramSHA256")]
    [InlineData("require_auth=!md5,!password", "Require Auth", "!MD5,!Password")]
    [InlineData("passfile=/etc/pgpass", "Passfile", "/etc/pgpass")]
    [InlineData("ssl=true", "SSL Mode", "Require")]
    [InlineData("dbname=other", "Database", "other")]
    [InlineData("user=v", "Username", "v")]
    public void A_parameter_of_libpq_is_honoured_by_the_driver(string parameter, string keyword, string value) =>
        Assert.Equal(value, $"{Npgsql($"postgres://u@db/certctl?{parameter}")[keyword]}");

    [Theory]
    [InlineData("hostaddr=10.0.0.1", "write the address as the host")]
    [InlineData("service=x", "pg_service.conf")]
    [InlineData("requiressl=1", "use sslmode=require")]
    [InlineData("keepalives_count=3", "tcp_keepalive_probes")]
    [InlineData("tcp_user_timeout=3", "CERTCTL_DATABASE_DEADLINE")]
    [InlineData("ssl_min_protocol_version=TLSv1.3", "OpenSSL configuration")]
    [InlineData("target_session_attrs=standby", "Certctl writes to its database")]
    [InlineData("target_session_attrs=read-only", "Certctl writes to its database")]
    [InlineData("target_session_attrs=prefer-standby", "Certctl writes to its database")]
    [InlineData("sslmod=require", "did you mean sslmode?")]
    [InlineData("aplication_name=x", "did you mean application_name?")]
    [InlineData("SSLMODE=require", "does not know")]
    [InlineData("sslmode=verify_full", "verify-full")]
    public void A_parameter_that_is_not_honoured_is_refused_with_the_reason(string parameter, string reason) =>
        Assert.Contains(reason, Problem($"postgres://u@db/certctl?{parameter}"), StringComparison.Ordinal);

    [Theory]
    [InlineData("postgres://u:secret@db")]
    [InlineData("postgres://u:secret@/certctl")]
    [InlineData("postgres://u:secret@db:port/certctl")]
    [InlineData("postgres://u:secret@db:99999/certctl")]
    [InlineData("postgres://u:secret@db/certctl/more")]
    [InlineData("postgres://u:secret@db/certctl?sslmode=always")]
    [InlineData("postgres://u:secret@db/certctl?target_session_attrs=standby")]
    [InlineData("postgres://u:secret@db:5432,:secret/certctl")]
    [InlineData("postgres://u:secret@db:0/certctl")]
    [InlineData("postgres://u:secret@[::1/certctl")]
    [InlineData("postgres://u:secret@::1/certctl")]
    [InlineData("postgres://u:secret@a,b/certctl?port=1,2,3")]
    [InlineData("postgres://u:secret@db/certctl?sslmode=require&sslmode=secret")]
    [InlineData("postgres://u:secret@db/certctl?options=")]
    [InlineData("postgres://u:secret@db/certctl?keepalives=secret")]
    [InlineData("postgres://u:secret@db/certctl?client_encoding=LATIN1")]
    [InlineData("postgres://u:secret@db/certctl?connect_timeout=secret")]
    [InlineData("postgres://u:secret@db/certctl?connect_timeout=1025")]
    [InlineData("postgres://u:secret@db/certctl?connect_timeout=-1")]
    [InlineData("postgres:u:secret@db/certctl")]
    [InlineData("mysql://u:secret@db/certctl")]
    [InlineData("Host=db;Password=secret")]
    [InlineData("secret")]
    // What a URL makes of a password with a special character in it: host u, port 12, and the rest somewhere.
    [InlineData("postgres://u:12?secret@db/certctl")]
    [InlineData("postgres://u:12#secret@db/certctl")]
    [InlineData("postgres://u:12/secret@db/certctl")]
    [InlineData("postgres://u:12/secret@db")]
    [InlineData("postgres://u:se?secret@db/certctl")]
    public void What_is_no_such_URL_is_refused_by_name_and_not_quoted(string url)
    {
        var problem = Problem(url);

        Assert.StartsWith("CERTCTL_DATABASE_URL: ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pool_has_the_size_that_was_asked_for()
    {
        Assert.Equal(7, Settings.Complete().With("CERTCTL_DATABASE_URL", "postgres://db/certctl")
            .With("CERTCTL_DATABASE_MAX_CONNS", "7").Options().Database.MaxConnections);
    }

    private static DatabaseOptions Parse(string url)
    {
        List<string> problems = [];
        var options = DatabaseUrl.Parse(url, 25, problems);
        Assert.Empty(problems);
        return options!;
    }

    private static NpgsqlConnectionStringBuilder Npgsql(string url)
    {
        var options = Parse(url);
        Assert.Equal(DatabaseProvider.PostgreSql, options.Provider);
        // Npgsql refuses keywords that it does not know.
        return new NpgsqlConnectionStringBuilder(options.ConnectionString.Reveal());
    }

    private static string Problem(string url)
    {
        List<string> problems = [];
        Assert.Null(DatabaseUrl.Parse(url, 25, problems));
        return Assert.Single(problems);
    }
}
