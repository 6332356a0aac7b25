using System.Runtime.InteropServices;

namespace Certctl.Api.Hosting.Reload;

/// <summary>SIGHUP, also where the parent process ignores it.</summary>
internal static class HangupSignal
{
    private const int Hangup = 1;
    private const nint Default = 0;

    /// <summary>Calls <paramref name="act"/> at each SIGHUP until the registration is disposed of.</summary>
    public static PosixSignalRegistration Listen(Action act)
    {
        // A signal that nohup or a shell's trap '' ignores stays ignored across exec, and .NET then installs no handler and says nothing. What nohup is for, that the
        // process outlives its terminal, a handler does too.
        if (OperatingSystem.IsLinux())
            _ = SetHandler(Hangup, Default);
        return PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            // The default of SIGHUP is to end the process.
            signal.Cancel = true;
            act();
        });
    }

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SetHandler(int signal, nint handler);
}
