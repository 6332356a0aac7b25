using System.Text;

namespace Certctl.Tests.Api.Hosting;

/// <summary>
/// What a verb prints while others run beside it in this process: text goes to the writers of the flow that prints it, and to the console
/// where that has none.
/// </summary>
internal sealed class ConsoleCapture(TextWriter console, Func<(TextWriter Output, TextWriter Error)?, TextWriter?> choose) : TextWriter
{
    private static readonly AsyncLocal<(TextWriter Output, TextWriter Error)?> Current = new();

    static ConsoleCapture()
    {
        Console.SetOut(new ConsoleCapture(Console.Out, writers => writers?.Output));
        Console.SetError(new ConsoleCapture(Console.Error, writers => writers?.Error));
    }

    public override Encoding Encoding => console.Encoding;

    private TextWriter Target => choose(Current.Value) ?? console;

    /// <summary>From here to the end of the asynchronous method that calls it.</summary>
    public static void Begin(TextWriter output, TextWriter error) => Current.Value = (output, error);

    public override void Write(char value) => Target.Write(value);

    public override void Write(string? value) => Target.Write(value);

    public override void Write(char[] buffer, int index, int count) => Target.Write(buffer, index, count);

    public override void WriteLine(string? value) => Target.WriteLine(value);

    public override void Flush() => Target.Flush();
}
