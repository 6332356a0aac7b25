using Certctl.Domain.Enrolments;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Xunit;

namespace Certctl.Tests.Conformance.Rfc8894;

public sealed class SupersededOnSqliteTests(ScepServerFixture server) : SupersededTests(server), IClassFixture<ScepServerFixture>;

public sealed class SupersededOnPostgresTests(PostgresScepServerFixture server)
    : SupersededTests(server), IClassFixture<PostgresScepServerFixture>;

/// <summary>
/// RFC 8894 §2.5 under a certificate profile that lets one certificate of a name be valid:
/// a renewal revokes its signer and loses no device.
/// </summary>
public abstract class SupersededTests(ScepServerFixture server)
{
    [Theory]
    [InlineData("17")]
    [InlineData("19")]
    [Trait("Conformance", "S-S8")]
    public async Task A_lost_reply_is_given_again_to_the_certificate_that_it_superseded_and_nothing_else_is(string messageType)
    {
        server.Change("UPDATE certificate_profiles SET max_active_certificates = 1, version = version + 1");
        var name = $"CN=superseded {messageType}";
        var device = ScepDevice.Shared();
        var old = device.With(await server.EnrolAsync(device, name));
        var fresh = ScepDevice.Shared(1);

        var renewal = await BuildAsync(old, fresh.Csr(name, (string?)null), messageType);
        var renewed = (await server.Wire.SendAsync(renewal)).Issued(old);
        Assert.Equal(1, server.Change($"UPDATE certificates SET revocation_reason = revocation_reason WHERE common_name = '{name[3..]}' "
            + "AND revocation_reason = 'Superseded'"));

        Assert.Equal(renewed.RawData, (await server.Wire.SendAsync(renewal)).Issued(old).RawData);
        (await server.Wire.SendAsync(await BuildAsync(old, ScepDevice.Shared(2).Csr(name, (string?)null), messageType)))
            .MustFail(FailureReason.RenewalSignerRevoked);
        (await server.Wire.SendAsync(await BuildAsync(fresh.With(renewed), fresh.Csr(name, (string?)null), messageType))).Issued(fresh);
    }

    private async Task<byte[]> BuildAsync(ScepDevice signer, byte[] csr, string messageType) =>
        (await server.Wire.RequestAsync(csr, signer)).Replace(ForgedRequest.MessageTypeOid, ForgedRequest.Printable(messageType)).Build();
}
