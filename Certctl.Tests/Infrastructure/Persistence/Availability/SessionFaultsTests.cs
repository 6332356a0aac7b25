using Certctl.Infrastructure.Persistence.Availability;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Infrastructure.Persistence.Availability;

/// <summary>Which SQLSTATEs end a session, and after which of them a statement may run again at once.</summary>
public sealed class SessionFaultsTests
{
    [Theory]
    [InlineData("25006", "Useless")]
    [InlineData("26000", "Useless")]
    [InlineData("42P05", "Useless")]
    [InlineData("0A000", "Useless")]
    [InlineData("57P01", "Ending")]
    [InlineData("57P02", "Ending")]
    [InlineData("57P03", "Ending")]
    [InlineData("57P04", "Ending")]
    [InlineData("57P05", "Ending")]
    [InlineData("57014", "None")]
    [InlineData("23505", "None")]
    [InlineData("40001", "None")]
    [InlineData("40P01", "None")]
    [InlineData("42601", "None")]
    [InlineData("53300", "None")]
    [InlineData("55P03", "None")]
    [InlineData("25P02", "None")]
    public void A_SQLSTATE_says_what_becomes_of_the_session(string sqlState, string fault)
    {
        Assert.Equal(Enum.Parse<SessionFault>(fault), SessionFaults.Of(sqlState));
        Assert.Equal(Enum.Parse<SessionFault>(fault), SessionFaults.Of(new NpgsqlException("outer", Refused(sqlState))));
        Assert.Equal(fault != "None", SessionFaults.IsOfServer(Refused(sqlState)));

        // Several hosts, of which one did not answer.
        var several = new AggregateException(new NpgsqlException("silent", new TimeoutException()), Refused(sqlState));
        Assert.Equal(
            Enum.Parse<SessionFault>(fault), SessionFaults.Of(new NpgsqlException("Unable to connect to a suitable host", several)));
    }

    [Fact]
    public void Every_SQLSTATE_of_the_table_is_transient_for_the_journal() =>
        Assert.All(SessionFaults.All, sqlState => Assert.True(SessionFaults.IsTransient(Refused(sqlState))));

    [Fact]
    public void A_database_that_does_not_answer_is_an_outage_of_the_server_and_transient()
    {
        Assert.True(SessionFaults.IsOfServer(new DatabaseUnavailableException()));
        Assert.True(SessionFaults.IsTransient(new DatabaseUnavailableException()));
        Assert.False(SessionFaults.IsTransient(Refused(PostgresErrorCodes.UniqueViolation)));
    }

    private static PostgresException Refused(string sqlState) => new("refused", "ERROR", "ERROR", sqlState);
}
