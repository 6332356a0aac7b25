using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>
/// Who may read a file with a secret. The rule is PostgreSQL's for its TLS key: a file of the server's own user has no permission for group
/// or others (0600 or less); one of root may be read by its group (0640 or less), which is how Kubernetes (fsGroup)
/// and systemd (LoadCredential) hand secrets to a service.
/// </summary>
/// <param name="Mode">Permissions of the file.</param>
/// <param name="Owner">Its uid.</param>
/// <param name="User">The uid of this process.</param>
/// <param name="Group">Its gid.</param>
public readonly partial record struct KeyFileMode(UnixFileMode Mode, uint Owner, uint User, uint Group)
{
    /// <summary>The number of the account that this process runs under.</summary>
    public static uint EffectiveUser => GetEffectiveUser();

    private const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    private const UnixFileMode GroupAndOthers = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute | Others;
    private const UnixFileMode Permissions = (UnixFileMode)0x1FF;

    private bool GroupMayRead => Owner == 0 && User != 0;

    private UnixFileMode TooOpen => Mode & (GroupMayRead ? GroupAndOthers & ~UnixFileMode.GroupRead : GroupAndOthers);

    /// <summary>Null when the mode is as it should be; else to whom the file is open, in words.</summary>
    public string? OpenTo => TooOpen == 0 ? null : (TooOpen & Others) != 0 ? "others" : "its group";

    public string Octal => Convert.ToString((int)(Mode & Permissions), 8).PadLeft(4, '0');

    /// <summary>What mends it, and can be done: the server's user cannot change a file that is another's.</summary>
    public string Remedy(string path) => Owner switch
    {
        _ when Owner == User => $"run: chmod 600 '{path}'",
        0 => $"run as root: chgrp {Group} '{path}' && chmod 640 '{path}' (Kubernetes: defaultMode 0440 with fsGroup; systemd: "
            + "LoadCredential=)",
        _ => $"run as root: chown {User} '{path}' && chmod 600 '{path}'",
    };

    /// <summary>Of an open file: one swapped between check and read would not be the one that was checked.</summary>
    /// <exception cref="IOException">The system does not say.</exception>
    [UnsupportedOSPlatform("windows")]
    public static KeyFileMode Of(SafeFileHandle handle)
    {
        // .NET does not say whose a file is, and stat has a layout of its own on each system. As the server's own, the stricter rule holds.
        if (!OperatingSystem.IsLinux())
            return new KeyFileMode(File.GetUnixFileMode(handle), GetEffectiveUser(), GetEffectiveUser(), GetEffectiveGroup());
        if (Statx(handle, "", EmptyPath, BasicStats, out var stat) != 0)
            throw new IOException($"statx failed: {Marshal.GetLastPInvokeErrorMessage()}");
        return new KeyFileMode((UnixFileMode)stat.Mode & Permissions, stat.Uid, GetEffectiveUser(), GetEffectiveGroup());
    }

    // statx has one layout on every architecture, unlike stat.
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7FF;

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxResult
    {
        [FieldOffset(20)]
        public uint Uid;

        [FieldOffset(28)]
        public ushort Mode;
    }

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(SafeFileHandle folder, string path, int flags, uint mask, out StatxResult result);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "getegid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveGroup();
}
