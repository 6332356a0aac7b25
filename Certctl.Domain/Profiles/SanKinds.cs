using Certctl.Domain.Certificates;

namespace Certctl.Domain.Profiles;

/// <summary>The kinds of alternative names that a profile must permit by name.</summary>
internal static class SanKinds
{
    private const string DirectoryName = "directoryName";
    private const string RegisteredId = "registeredId";

    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.Ordinal)
    {
        ["ntdsReplication"] = SubjectAltName.NtdsReplicationOid,
        ["smtpUtf8Mailbox"] = SubjectAltName.SmtpUtf8MailboxOid,
        ["hardwareModuleName"] = SubjectAltName.HardwareModuleNameOid,
    };

    /// <summary>What additional_san_kinds may hold.</summary>
    public static readonly IReadOnlyList<string> All = [.. OtherNames.Keys, DirectoryName, RegisteredId];

    /// <summary>Whether these permit a name of a kind that needs permission.</summary>
    public static bool Permits(IReadOnlyList<string> permitted, SubjectAltName name) => name.Kind switch
    {
        SubjectAltNameKind.OtherName => permitted.Any(kind => OtherNames.TryGetValue(kind, out var oid) && oid == name.OtherNameOid),
        SubjectAltNameKind.DirectoryName => permitted.Contains(DirectoryName),
        SubjectAltNameKind.RegisteredId => permitted.Contains(RegisteredId),
        _ => false,
    };
}
