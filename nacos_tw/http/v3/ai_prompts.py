"""Prompts, for clients, for operators and for a browser (docs/ai.md)."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs
from klein import Klein

from nacos_tw.ai.jsons import read
from nacos_tw.ai.operations.prompts import Found, Prompt, Prompts
from nacos_tw.ai.problems import Lacks, UpToDate
from nacos_tw.ai.prompt_requests import (
    LabelChange,
    PromptDescription,
    PromptListing,
    PromptQuery,
    PromptWrite,
    Variable,
    VersionPage,
)
from nacos_tw.ai.requests import OfName
from nacos_tw.ai.shelves import Row, Thing
from nacos_tw.http.api.parameters import NAMESPACE, PAGE_NO, PAGE_SIZE, text
from nacos_tw.http.api.results import page_json
from nacos_tw.http.api.routes import api
from nacos_tw.http.call import Call
from nacos_tw.http.guard import Guard
from nacos_tw.http.reply import Reply
from nacos_tw.http.v3.ai_parameters import PAGED, blurred, tenant

CLIENT = "/v3/client/ai/prompt"
PREFIXES = "/v3/admin/ai/prompt", "/v3/console/ai/prompt"

KEY = text("promptKey", "The prompt's name.")
VERSION = text("version", "The version.")
LABEL = text("label", "The label of the version.")
MD5 = text("md5", "Of what the client has: where that is it, the answer is 304.")
TEMPLATE = text("template", "The text, with {{gaps}}.")
VARIABLES = text("variables", "What is known of the gaps, as JSON.")
COMMIT = text("commitMsg", "What changes.")
DESCRIPTION = text("description", "What the prompt is for.")
TAGS = text("bizTags", "Words for it, with commas between them.")
TAGGED = text("bizTags", "What its words hold.")


def prompt_key(call: Call) -> str:
    """@raise Lacks: it is not given."""
    name = KEY(call)
    if not name:
        raise Lacks("promptKey")
    return name


def asked(call: Call) -> PromptQuery:
    """What is to be read."""
    return PromptQuery(
        tenant=tenant(call),
        name=prompt_key(call),
        version=VERSION(call),
        label=LABEL(call),
        md5=call.params.get("md5", ""),
    )


def words(tags: str) -> list[str]:
    """Those between commas; of a list in JSON its members."""
    return [word.strip(' "') for word in tags.strip("[]").split(",") if word.strip(' "')]


def prompt_json(thing: Thing) -> dict[str, Any]:
    """A prompt of a list."""
    return {
        "schemaVersion": 1,
        "promptKey": thing.name,
        "description": thing.description,
        "bizTags": words(thing.biz_tags),
        "latestVersion": thing.latest or None,
        "gmtModified": thing.update_time,
    }


def prompt_version_json(name: str, row: Row) -> dict[str, Any]:
    """A version of a list."""
    return {
        "promptKey": name,
        "version": row.version,
        "commitMsg": row.commit_msg,
        "srcUser": row.author,
        "gmtModified": row.update_time,
        "status": row.status,
    }


def found_json(found: Found) -> dict[str, Any]:
    """A version with its content."""
    prompt = found.prompt
    more = {"template": prompt.template, "md5": prompt.md5, "variables": prompt.variables}
    return {**prompt_version_json(prompt.prompt_key, found.row), **more}


@attrs.frozen
class ClientPromptsV3:
    """For clients."""

    prefix: ClassVar[str] = CLIENT
    app = Klein()
    guard: Guard
    prompts: Prompts

    @api(app, "GET", "", does=Prompts.query, takes=(NAMESPACE, KEY, VERSION, LABEL, MD5), gives="The prompt")
    def query(self, call: Call) -> Prompt | Reply:
        """A prompt: of a version, by a label, or the latest one."""
        try:
            return self.prompts.query(call, asked(call))
        except UpToDate:
            return Reply(304, b"")


@attrs.frozen
class PromptsV3:
    """What operators and browsers ask alike. Built for each of them."""

    prefix: str
    app: ClassVar[Klein] = Klein()
    guard: Guard
    prompts: Prompts

    @api(
        app, "POST", "", does=Prompts.publish,
        takes=(NAMESPACE, KEY, VERSION, TEMPLATE, VARIABLES, COMMIT, DESCRIPTION, TAGS), gives="true",
    )  # fmt: skip
    async def publish(self, call: Call) -> bool:
        """Publish a version of a prompt, which is its latest then."""
        variables = VARIABLES(call)
        request = PromptWrite(
            tenant=tenant(call),
            name=prompt_key(call),
            version=VERSION(call),
            template=TEMPLATE(call),
            variables=read(variables, list[Variable], "variables") if variables else None,
            commit=COMMIT(call),
            description=DESCRIPTION.given(call),
            biz_tags=TAGS.given(call),
        )
        return await self.prompts.publish(call, request)

    @api(app, "DELETE", "", does=Prompts.remove, takes=(NAMESPACE, KEY), gives="true")
    async def remove(self, call: Call) -> bool:
        """Remove a prompt with all its versions; succeeds if it does not exist."""
        return await self.prompts.remove(call, OfName(tenant=tenant(call), name=prompt_key(call)))

    @api(app, "GET", "/list", does=Prompts.page, takes=(KEY, *PAGED, TAGGED), gives="A page of prompts")
    def page(self, call: Call) -> dict[str, Any]:
        """A page of the prompts of a namespace."""
        request = PromptListing(
            tenant=tenant(call),
            name=KEY(call),
            blur=blurred(call),
            number=PAGE_NO(call),
            size=PAGE_SIZE(call),
            biz_tag=TAGGED(call),
        )
        return page_json(self.prompts.page(call, request), prompt_json)

    @api(
        app, "GET", "/versions", does=Prompts.versions, takes=(NAMESPACE, KEY, PAGE_NO, PAGE_SIZE),
        gives="A page of versions",
    )  # fmt: skip
    def versions(self, call: Call) -> dict[str, Any]:
        """A page of the versions of a prompt, newest first."""
        name = prompt_key(call)
        request = VersionPage(tenant=tenant(call), name=name, number=PAGE_NO(call), size=PAGE_SIZE(call))
        return page_json(self.prompts.versions(call, request), lambda row: prompt_version_json(name, row))

    @api(app, "GET", "/metadata", does=Prompts.thing, takes=(NAMESPACE, KEY), gives="The prompt without contents")
    def metadata(self, call: Call) -> dict[str, Any]:
        """A prompt with its versions and labels."""
        thing = self.prompts.thing(call, OfName(tenant=tenant(call), name=prompt_key(call)))
        return {**prompt_json(thing), "versions": [row.version for row in thing.versions], "labels": thing.labels}

    @api(
        app, "PUT", "/metadata", does=Prompts.describe, takes=(NAMESPACE, KEY, DESCRIPTION, TAGS), gives="true"
    )  # fmt: skip
    async def describe(self, call: Call) -> bool:
        """Change what describes a prompt; what is not sent stays."""
        request = PromptDescription(
            tenant=tenant(call),
            name=prompt_key(call),
            description=call.params.get("description"),
            biz_tags=call.params.get("bizTags"),
        )
        return await self.prompts.describe(call, request)

    @api(app, "GET", "/detail", does=Prompts.detail, takes=(NAMESPACE, KEY, VERSION, LABEL), gives="The version")
    def detail(self, call: Call) -> dict[str, Any]:
        """A version of a prompt: the one that is named, or has the label, or the latest."""
        return found_json(self.prompts.detail(call, asked(call)))

    @api(app, "PUT", "/label", does=Prompts.label, takes=(NAMESPACE, KEY, LABEL, VERSION), gives="true")
    async def label(self, call: Call) -> bool:
        """Put a label onto a version."""
        version = VERSION(call)
        if not version:
            raise Lacks("version")
        request = LabelChange(tenant=tenant(call), name=prompt_key(call), label=LABEL(call), version=version)
        return await self.prompts.label(call, request)

    @api(app, "DELETE", "/label", does=Prompts.label, takes=(NAMESPACE, KEY, LABEL), gives="true")
    async def unlabel(self, call: Call) -> bool:
        """Take a label away."""
        return await self.prompts.label(
            call, LabelChange(tenant=tenant(call), name=prompt_key(call), label=LABEL(call))
        )
