"""Templates: texts a person keeps to send again (rest.md 2.16)."""

from typing import Annotated

from msgspec import Struct

from heartline.contract import (
    Cipher,
    Mark,
    Operation,
    Page,
    Request,
    Row,
    RowId,
    Tx,
    get,
    operation,
    post,
)


class Template(Row):
    table = "templates"

    device_id: RowId
    text: str


class NewTemplate(Struct):
    device_id: RowId
    text: Cipher


class AddTemplates(Request):
    templates: list[NewTemplate]


class UpdateTemplate(Request):
    device_id: RowId
    # Compat: the old web client writes plaintext into the query, which would crash the phone
    # (test_templates: test_plaintext_in_the_query_is_refused).
    text: Annotated[str, Mark(encrypted=True, encrypted_in_query=True)]


class RemoveTemplate(Request):
    device_id: RowId


@operation("added_template")
class AddedTemplate(Operation):
    device_id: RowId
    text: str


@operation("updated_template")
class UpdatedTemplate(Operation):
    device_id: RowId
    text: str


@operation("removed_template")
class RemovedTemplate(Operation):
    id: RowId


@get("/templates")
def list_templates(tx: Tx, request: Page) -> list[Template]:
    """All templates, by id."""
    return tx.rows(Template, limit=request.limit, offset=request.offset)


@post("/templates/add")
def add_templates(tx: Tx, request: AddTemplates) -> None:
    """Store templates. Emits `added_template` for each that is new or changed."""
    for item in request.templates:
        if tx.insert(Template, item):
            tx.emit(AddedTemplate(device_id=item.device_id, text=item.text))


@post("/templates/update/{device_id}")
def update_template(tx: Tx, request: UpdateTemplate) -> None:
    """Replace the text of one template. Emits `updated_template` when there is such a template."""
    if tx.update(Template, {"text": request.text}, device_id=request.device_id):
        tx.emit(UpdatedTemplate(device_id=request.device_id, text=request.text))


@post("/templates/remove/{device_id}")
def remove_template(tx: Tx, request: RemoveTemplate) -> None:
    """Delete one template. Emits `removed_template`, also when there was none."""
    tx.delete(Template, device_id=request.device_id)
    tx.emit(RemovedTemplate(id=request.device_id))
