using Akka.Actor;
using Akka.Event;

namespace FitCluster.Engine;

/// <summary>What Akka says for who looks for a fault of it: lines on stderr. Made by Akka.</summary>
internal sealed class AkkaLog : ReceiveActor
{
    public AkkaLog()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(line => Console.Error.WriteLine(
            $"akka {line.Timestamp:HH:mm:ss.fff} {line.LogLevel()} {line.LogSource}: {line.Message} {line.Cause?.Message}"));
    }
}
