using System.Runtime.InteropServices;
using System.Threading.Channels;

namespace Certctl.Api.Hosting.Reload;

/// <summary>SIGHUP, also where the parent process ignores it. One that comes before the server serves is kept until it does.</summary>
internal static class HangupSignal
{
    private const int Hangup = 1;
    private const nint Default = 0;

    // One waits while another is worked on: a third signal would find the same files as the second.
    private static readonly Channel<bool> Received =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private static readonly Lazy<PosixSignalRegistration> Handler = new(Register);

    /// <summary>From the first call on, until it ends, SIGHUP does not end this process.</summary>
    public static void Listen() => _ = Handler.Value;

    public static IAsyncEnumerable<bool> ReadAllAsync(CancellationToken cancellationToken) =>
        Received.Reader.ReadAllAsync(cancellationToken);

    private static PosixSignalRegistration Register()
    {
        // A signal that nohup or a shell's trap '' ignores stays ignored across exec, and .NET then installs no handler and says nothing.
        // What nohup is for, that the process outlives its terminal, a handler does too.
        if (OperatingSystem.IsLinux())
            _ = SetHandler(Hangup, Default);
        return PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            // The default of SIGHUP is to end the process.
            signal.Cancel = true;
            _ = Received.Writer.TryWrite(true);
        });
    }

    [DllImport("libc", EntryPoint = "signal")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint SetHandler(int signal, nint handler);
}
