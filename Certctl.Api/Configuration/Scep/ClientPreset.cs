using Certctl.Application.Scep;

namespace Certctl.Api.Configuration.Scep;

/// <summary>
/// The shapes that one kind of device wants (docs/clients.md has the evidence). A setting of its own always wins over the preset's.
/// </summary>
/// <param name="Name">As <c>CLIENT_PRESET</c> is written.</param>
/// <param name="CaCertificates">What GetCACert hands out.</param>
/// <param name="Reply">What stands in the envelope of a SUCCESS.</param>
/// <param name="Capabilities">Lines that GetCACaps has beside those of the policy.</param>
internal sealed record ClientPreset(
    string Name, CaCertificateShape CaCertificates, ReplyChain Reply, params IReadOnlyList<string> Capabilities)
{
    public static readonly ClientPreset Default = new("default", CaCertificateShape.RaAndChain, ReplyChain.Leaf);

    public static readonly IReadOnlyList<ClientPreset> All =
    [
        Default,
        new("apple", CaCertificateShape.RaAndChain, ReplyChain.Leaf),
        new("intune-windows", CaCertificateShape.RaAndIssuer, ReplyChain.Leaf),
        new("cisco", CaCertificateShape.RaAndChain, ReplyChain.LeafAndIssuer, ScepCapability.Des3, ScepCapability.Sha1),
        new("juniper", CaCertificateShape.RaAndChain, ReplyChain.Leaf),
        new("mikrotik", CaCertificateShape.RaAndChain, ReplyChain.Leaf, ScepCapability.Des3, ScepCapability.Sha1),
        new("chromeos", CaCertificateShape.RaAndChain, ReplyChain.Leaf),
        new("printer", CaCertificateShape.RaAndChain, ReplyChain.Leaf, ScepCapability.Des3, ScepCapability.Sha1),
        new("strongswan", CaCertificateShape.RaAndChain, ReplyChain.Leaf, ScepCapability.Sha384),
    ];
}
