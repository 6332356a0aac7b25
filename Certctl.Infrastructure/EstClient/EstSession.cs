using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.EstClient;

/// <summary>What is trusted at first.</summary>
/// <param name="Tls">Null where the fingerprint alone says whom to trust.</param>
/// <param name="Fingerprint">Of a CA certificate that everything must chain to; null for none.</param>
public sealed record EstFirstTrust(TlsTrust? Tls, CaFingerprint? Fingerprint);

/// <summary>A server whose CA certificates have been fetched and judged, and a verified way to it.</summary>
public sealed class EstSession : IDisposable
{
    private EstSession(EstTransport transport, EstCaTrust trust)
    {
        Transport = transport;
        Trust = trust;
    }

    public EstTransport Transport { get; }

    public EstCaTrust Trust { get; }

    /// <summary>
    /// RFC 7030 §4.1: roots for TLS are the Implicit TA database; a fingerprint alone is the out-of-band check of §4.1.1, after which the
    /// server must prove itself on a new connection by the CA that was found.
    /// </summary>
    /// <param name="note">Told in a sentence what deserves the operator's attention.</param>
    public static async Task<EstSession> OpenAsync(
        EstUrl url, EstFirstTrust first, EstIdentity? identity, EstCredentials? credentials, Action<string> note,
        CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        if (first is { Tls: null, Fingerprint: { } fingerprint })
        {
            using var provisional = EstTransport.Provisional(url, time);
            var pinned = await EstCaTrust.FetchAsync(provisional, fingerprint, time.GetUtcNow(), note, cancellationToken);
            return new EstSession(EstTransport.Pinned(url, pinned, identity, credentials, time), pinned);
        }

        var transport = EstTransport.Verified(url, first.Tls ?? new TlsTrust.SystemRoots(), identity, credentials, time);
        EstSession? session = null;
        try
        {
            var trust = await EstCaTrust.FetchAsync(transport, first.Fingerprint, time.GetUtcNow(), note, cancellationToken);
            return session = new EstSession(transport, trust);
        }
        finally
        {
            if (session is null)
                transport.Dispose();
        }
    }

    public void Dispose()
    {
        Transport.Dispose();
        Trust.Dispose();
    }
}
