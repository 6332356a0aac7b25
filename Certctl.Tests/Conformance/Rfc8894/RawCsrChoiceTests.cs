using System.Net;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>What an operator may choose about a PKCS#10 in the clear (ADR 14): that it is none, and that it waits.</summary>
public sealed class RawCsrChoiceTests
{
    [Fact]
    public async Task Switched_off_it_is_no_pkiMessage_in_any_form()
    {
        await using var host = await CertctlHost.StartAsync(null, ("CERTCTL_SCEP_ALLOW_RAW_CSR", "false"));
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        foreach (var form in ClearRequest.Forms)
        {
            using var answer = await wire.PostAsync(
                ClearRequest.In(form, device.Csr("CN=unwanted", host.Challenge), await wire.RequestAsync([], device)));
            Assert.Equal(
                (HttpStatusCode.BadRequest, "Not a SCEP pkiMessage.\n"), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        }

        Assert.Equal("CN=wanted", (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=wanted", host.Challenge), device)).Build()))
            .Issued(device).Subject);
        await using var db = await OpenAsync(host);
        Assert.DoesNotContain("scep_rawcsr", await db.AuditEvents.Select(audit => audit.Action).ToListAsync());
        Assert.Equal("CN=wanted", (await db.Enrolments.SingleAsync()).Subject);
    }

    [Fact]
    public async Task Where_an_operator_decides_it_is_202_and_the_same_request_again_gets_what_was_decided()
    {
        await using var host = await CertctlHost.StartAsync(null);
        using var wire = host.Connect();
        await host.Database.RequireApprovalAsync();
        var (approved, denied) =
            (ScepDevice.Shared().Csr("CN=patient", host.Challenge), ScepDevice.Shared().Csr("CN=doomed", host.Challenge));
        foreach (var request in new[] { approved, approved, denied })
        {
            using var waits = await wire.PostAsync(request);
            Assert.Equal(HttpStatusCode.Accepted, waits.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(300), waits.Headers.RetryAfter?.Delta);
        }

        foreach (var pending in await PendingAsync(host))
            await host.Database.DecideAsync(pending, approved: pending.Subject == "CN=patient");

        using var answer = await wire.PostAsync(approved);
        Assert.Equal("CN=patient", (await RawCsrTests.CertificatesAsync(answer))[0].Subject);
        using var no = await wire.PostAsync(denied);
        Assert.Equal(
            (HttpStatusCode.Forbidden, "An operator denied the request.\n"), (no.StatusCode, await no.Content.ReadAsStringAsync()));
        await using var db = await OpenAsync(host);
        Assert.Equal(
            ["Issued", "Pending", "Pending", "Refused"],
            (await db.AuditEvents.Where(audit => audit.Action == "scep_rawcsr").ToListAsync())
                .Select(audit => audit.Outcome.ToString()).Order());
    }

    private static async Task<List<Enrolment>> PendingAsync(CertctlHost host)
    {
        await using var db = await OpenAsync(host);
        return await db.Enrolments.AsNoTracking().Where(enrolment => enrolment.State == EnrolmentState.Pending).ToListAsync();
    }

    private static Task<CertctlDbContext> OpenAsync(CertctlHost host) =>
        host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
}
