using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Certctl.Application.Est.ServerKeys;
using Certctl.Application.Issuers;

namespace Certctl.Infrastructure.Crypto.Est;

/// <summary>
/// The signer of each CA, made when it is first needed and anew before it ends. Its key never leaves this process's memory, and who gets a
/// package reads it at once, so nothing is lost with it.
/// </summary>
internal sealed class KeyPackageSigners(TimeProvider clock)
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(7);

    /// <summary>What a device still has to read it in.</summary>
    private static readonly TimeSpan Left = TimeSpan.FromDays(1);

    /// <summary>For devices whose clocks are late.</summary>
    private static readonly TimeSpan Backdating = TimeSpan.FromHours(1);

    // By the issuer itself: a CA that a reload exchanged takes its signer with it.
    private readonly ConditionalWeakTable<ICertificateIssuer, Slot> _slots = [];

    /// <summary>Null: the CA certifies none.</summary>
    public KeyPackageSigner? Find(ICertificateIssuer issuer)
    {
        if (issuer is not ICertifiesKeyGeneration certifier)
            return null;
        var slot = _slots.GetValue(issuer, static _ => new Slot());
        var now = clock.GetUtcNow();
        lock (slot)
        {
            if (slot.Signer is { } signer && (now < signer.NotAfter - Left || signer.NotAfter >= issuer.NotAfter))
                return signer;

            // The old one is not disposed: another thread may be signing with it.
            return slot.Signer = Make(certifier, now);
        }
    }

    private static KeyPackageSigner Make(ICertifiesKeyGeneration issuer, DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new KeyPackageSigner(
            key, issuer.CertifyKeyGeneration(key.ExportSubjectPublicKeyInfo(), now - Backdating, now + Life));
    }

    private sealed class Slot
    {
        public KeyPackageSigner? Signer { get; set; }
    }
}
