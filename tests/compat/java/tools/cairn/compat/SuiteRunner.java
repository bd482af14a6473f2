package cairn.compat;

import java.io.PrintStream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * SuiteRunner CLASS: runs a class of JUnit 4 or 5 tests and prints a line for each test:
 * "pass|fail|skip TEST reason". What happens to the class as a whole has its name for TEST. The
 * stacks of failures go to the standard error.
 */
public final class SuiteRunner implements TestExecutionListener {
  private final PrintStream report = System.out;

  private SuiteRunner() {}

  public static void main(String[] args) {
    SuiteRunner runner = new SuiteRunner();
    System.setOut(System.err); // what tests print is no part of the report
    LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                                           .selectors(DiscoverySelectors.selectClass(args[0]))
                                           .build();
    LauncherFactory.create().execute(request, runner);
    runner.report.flush();
    System.exit(0);
  }

  private void tell(String outcome, TestIdentifier test, Object reason) {
    String firstLine = reason == null ? "" : String.valueOf(reason).split("\n", 2)[0];
    report.printf("%s %s %s%n", outcome, test.getDisplayName().replace(' ', '_'), firstLine);
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    tell("skip", test, reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    Throwable why = result.getThrowable().orElse(null);
    if (result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
      if (test.isTest())
        tell("pass", test, null);
    } else if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
      tell("skip", test, why);
    } else {
      tell("fail", test, why);
      if (why != null) {
        System.err.println(test.getDisplayName());
        why.printStackTrace();
      }
    }
  }
}
