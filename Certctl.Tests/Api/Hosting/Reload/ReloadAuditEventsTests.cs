using Certctl.Api.Hosting.Reload;
using Certctl.Application.Admin;
using Certctl.Application.Admin.Reload;
using Certctl.Application.Enrolments.Trail;
using Certctl.Application.Scep;
using Certctl.Domain.Audit;
using Certctl.Tests.Infrastructure.Compliance;
using NSubstitute;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Reload;

public sealed class ReloadAuditEventsTests
{
    [Fact]
    public async Task A_reload_that_cannot_be_written_to_the_trail_is_logged_by_part_and_profile()
    {
        var audit = Substitute.For<IAuditRepository>();
        audit.AppendAsync(Arg.Any<AuditEvent>(), Arg.Any<CancellationToken>())
            .Returns(Task.FromException(new TimeoutException("The database does not answer.")));
        var log = new LogLines<ReloadAuditEvents>();
        var written = new ReloadAuditEvents(new ScepProfileTable([]), audit, TimeProvider.System, log).WriteAsync(
            [
                Changed("tls", null),
                Changed("ra_pairs", "corp"),
                Changed("challenge", ""),
            ],
            new AdminCaller(ReservedNames.Signal, "signal"),
            "System");

        await Assert.ThrowsAsync<TimeoutException>(() => written);
        Assert.Equal(
            [
                "Error: The reload of tls could not be written to the audit trail",
                "Error: The reload of ra_pairs of SCEP profile \"corp\" could not be written to the audit trail",
                "Error: The reload of challenge of SCEP profile \"\" could not be written to the audit trail",
            ],
            log.Lines.Select(line => line.Split(" System.AggregateException")[0]));
    }

    private static StagedPart Changed(string name, string? pathId) =>
        new(new PartName(name, pathId)) { Change = new PartChange("a", "b") };
}
