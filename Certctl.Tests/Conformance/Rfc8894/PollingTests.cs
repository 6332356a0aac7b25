using System.Formats.Asn1;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Persistence;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

/// <summary>RFC 8894 §2.5, §3.3.3, §4.4 and §5: a request that waits for an operator.</summary>
public sealed class PollingTests : IAsyncLifetime
{
    private CertctlHost? _host;
    private ScepWire? _wire;

    private CertctlHost Host => _host!;

    private ScepWire Wire => _wire!;

    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null);
        await Host.Database.RequireApprovalAsync();
        await Host.StartAgainAsync();
        _wire = Host.Connect();
    }

    public async Task DisposeAsync()
    {
        _wire?.Dispose();
        await Host.DisposeAsync();
    }

    [Fact]
    [Trait("Conformance", "S-R7")]
    [Trait("Conformance", "S-R16")]
    [Trait("Conformance", "S-S1")]
    [Trait("Conformance", "S-S2")]
    public async Task It_is_parked_polled_by_its_signer_alone_and_issued_once_when_approved()
    {
        var (device, stranger) = (ScepDevice.Shared(), ScepDevice.Shared(1));
        var request = (await NamedAsync(device.Csr("CN=patient", Host.Challenge), device, "transaction-1")).Build();
        (await Wire.SendAsync(request)).MustWait("transaction-1");
        (await Wire.SendAsync(request)).MustWait("transaction-1");
        Assert.Equal(EnrolmentState.Pending, (await OnlyAsync()).State);

        (await Wire.SendAsync((await PollAsync(device, "transaction-1")).Build())).MustWait("transaction-1");
        (await Wire.SendAsync((await PollAsync(stranger, "transaction-1")).Build())).MustFail(FailureReason.TransactionUnknown);
        (await Wire.SendAsync((await PollAsync(device, "transaction-2")).Build())).MustFail(FailureReason.TransactionUnknown);

        await Host.Database.DecideAsync(await OnlyAsync(), approved: true);
        var issued = (await Wire.SendAsync((await PollAsync(device, "transaction-1")).Build())).Issued(device);
        Assert.Equal("CN=patient", issued.Subject);
        Assert.Equal(issued.RawData, (await Wire.SendAsync((await PollAsync(device, "transaction-1")).Build())).Issued(device).RawData);
        Assert.Equal(issued.RawData, (await Wire.SendAsync(request)).Issued(device).RawData);
        Assert.Equal(EnrolmentState.Issued, (await OnlyAsync()).State);
    }

    [Fact]
    [Trait("Conformance", "S-S9")]
    public async Task Denied_it_is_refused_at_each_poll_and_says_so()
    {
        var device = ScepDevice.Shared();
        (await Wire.SendAsync((await NamedAsync(device.Csr("CN=unwanted", Host.Challenge), device, "denied")).Build())).MustWait("denied");
        await Host.Database.DecideAsync(await OnlyAsync(), approved: false);
        (await Wire.SendAsync((await PollAsync(device, "denied")).Build())).MustFail(FailureReason.RequestDenied);
        (await Wire.SendAsync((await PollAsync(device, "denied")).Build())).MustFail(FailureReason.RequestDenied);
    }

    [Fact]
    [Trait("Conformance", "S-S3")]
    public async Task A_client_that_starts_over_while_it_waits_has_two_requests_and_no_error()
    {
        var device = ScepDevice.Shared();
        (await Wire.SendAsync((await NamedAsync(device.Csr("CN=again", Host.Challenge), device, "first")).Build())).MustWait("first");
        (await Wire.SendAsync((await NamedAsync(device.Csr("CN=again", Host.Challenge, "again.example.com"), device, "second")).Build()))
            .MustWait("second");
        (await Wire.SendAsync((await PollAsync(device, "first")).Build())).MustWait("first");
        (await Wire.SendAsync((await PollAsync(device, "second")).Build())).MustWait("second");
    }

    private async Task<ForgedRequest> NamedAsync(byte[] content, ScepDevice device, string transaction) =>
        (await Wire.RequestAsync(content, device)).Replace(ForgedRequest.TransactionIdOid, Printable(transaction));

    private async Task<ForgedRequest> PollAsync(ScepDevice device, string transaction) =>
        (await NamedAsync([0x30, 0x00], device, transaction)).Replace(ForgedRequest.MessageTypeOid, Printable("20"));

    private static byte[] Printable(string text) =>
        ForgedRequest.Der(w => w.WriteCharacterString(UniversalTagNumber.PrintableString, text));

    private async Task<Enrolment> OnlyAsync()
    {
        await using var db = await Host.Database.GetRequiredService<IDbContextFactory<CertctlDbContext>>().CreateDbContextAsync();
        return await db.Enrolments.AsNoTracking().SingleAsync();
    }
}
